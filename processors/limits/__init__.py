"""Limits of channels: raised, cleared, acknowledged, shelved; and channels that fall silent."""

"""XTCE (OMG XML Telemetric and Command Exchange 1.2 and 1.3): a dictionary written as XTCE, and read from it."""

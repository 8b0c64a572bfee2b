"""The world's land outlines, and the script that made the file."""

"""The words of the tracking page, a language a file."""

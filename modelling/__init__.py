"""The data scientists' room: from the raw data to a delivery."""

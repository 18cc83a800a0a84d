"""Changed messages for everything that reads what others wrote."""

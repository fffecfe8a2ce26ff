"""The stateless reader: pixels to text, text to fields; it keeps nothing."""

"""Makes the judges' models from synthesised pages; reading needs nothing of it. docs/reader.md tells the steps."""

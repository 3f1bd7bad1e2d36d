"""What is asked, and where it stands on paper. Knows nothing of images, databases or the web."""

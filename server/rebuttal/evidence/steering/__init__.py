"""Changes to what steers reviews, and comments that silence checks."""

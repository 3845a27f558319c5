"""Which other files of the repository a reviewer of the change needs: signals, and one ranking made of them."""

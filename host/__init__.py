"""`tsme_host`: what runs on the laptop.  Compiles workflows and reads journals back."""

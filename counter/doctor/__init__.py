"""`counter doctor`: what is looked at (`facts`), how (`look`), and what it means for the owner (`checks`)."""

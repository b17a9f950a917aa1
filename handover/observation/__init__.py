"""What a training gives to ``fit``, seen while it trains again: a summary of it beside the delivery, no row in it."""

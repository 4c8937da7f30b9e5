"""The client: browser, system, device, language and screen, or the name of a bot."""

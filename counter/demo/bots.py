"""Bots: their user agents, and the names and categories that the pipeline gives them."""

from __future__ import annotations

from counter.demo.chance import deck
from counter.event import Bot, BotCategory

_SAFARI = "AppleWebKit/537.36 (KHTML, like Gecko)"
_HEADLESS = f"Mozilla/5.0 (X11; Linux x86_64) {_SAFARI} HeadlessChrome/126.0.0.0 Safari/537.36"

# Bot, user agent, weight on a usual day, weight in the wave.
_BOTS = (
    ("Googlebot", "search", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", 24, 5),
    ("bingbot", "search", "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", 12, 3),
    ("GPTBot", "ai", f"Mozilla/5.0 {_SAFARI}; compatible; GPTBot/1.2; +https://openai.com/gptbot)", 9, 30),
    ("ClaudeBot", "ai", f"Mozilla/5.0 {_SAFARI}; compatible; ClaudeBot/1.0; +claudebot@anthropic.com)", 6, 12),
    ("Bytespider", "ai", "Mozilla/5.0 (compatible; Bytespider; spider-feedback@bytedance.com)", 4, 34),
    ("AhrefsBot", "seo", "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)", 9, 3),
    ("SemrushBot", "seo", "Mozilla/5.0 (compatible; SemrushBot/7~bl; +http://www.semrush.com/bot.html)", 8, 3),
    ("UptimeRobot", "monitoring", "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)", 10, 2),
    ("facebookexternalhit", "preview", "facebookexternalhit/1.1", 3, 1),
    ("Slackbot", "preview", "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", 2, 1),
    ("Feedly", "feed", "Feedly/1.0 (+http://www.feedly.com/fetcher.html; 120 subscribers)", 5, 1),
    ("HeadlessChrome", "headless", _HEADLESS, 4, 14),
    ("python-requests", "library", "python-requests/2.32.3", 3, 6),
    ("curl", "library", "curl/8.9.1", 2, 2),
)
BOTS = tuple((Bot(name, BotCategory(category)), agent) for name, category, agent, _, _ in _BOTS)
USUAL = deck((bot, usual) for bot, (*_, usual, _) in zip(BOTS, _BOTS, strict=True))
IN_A_WAVE = deck((bot, wave) for bot, (*_, wave) in zip(BOTS, _BOTS, strict=True))

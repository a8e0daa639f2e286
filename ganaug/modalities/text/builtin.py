"""The data set that needs no download: messages to a shop, written by a grammar. Ours, under the licence of ganaug.

Every message has one to three parts: a greeting or none, what it is about, and more words that any message may have.
The parts that say what it is about share words between classes (a parcel that has not come may be to be paid back), so
that a classifier of few messages errs.
"""

from __future__ import annotations

import re

import numpy as np

ROWS = 150  # of each class
_SLOT = re.compile(r"\{(\w+)\}")
WORDS = {
    "thing": "jacket|lamp|kettle|phone case|pair of boots|backpack|desk|blender|keyboard|tent|coat|watch|rug",
    "day": "Monday|Tuesday|Thursday|Friday|last week|yesterday|the weekend|two weeks ago|the 3rd|this morning",
    "number": "4127|8830|5519|1046|7702|6391|2258|9914",
    "city": "Leeds|Porto|Graz|Lyon|Turku|Gdansk|Cork|Bergen",
    "bad": "broken|scratched|too small|the wrong colour|missing a screw|torn|not what I ordered|dead on arrival",
    "good": "lovely|brilliant|better than I hoped|really well made|a great buy|exactly right|superb",
    "very": "really|so|just|honestly|quite",
    "hello": "Hi,|Hello,|Hi there!|Good morning,|Dear team,|Hey,|Excuse me,",
    "more": "Order {number}.|Thanks!|Many thanks 🙂|Please help.|Can you check?|I live in {city}.|Cheers|Any news?|"
    "I ordered it on {day}.|It was a present.|Let me know.|This is the second time!",
}
MESSAGES = {
    "delivery": "where is my {thing}?|the {thing} has not come yet|my parcel was due {day} and it is still in {city}|"
    "the courier left my {thing} with a neighbour I don't know|can you send the {thing} to {city} instead?|"
    "tracking says delivered, but there is no {thing} here|how long does delivery to {city} take?|"
    "the box came {day}, but the {thing} was not in it|could the {thing} come before {day}?|the driver never rang",
    "refund": "I want my money back for the {thing}|the {thing} is {bad}, please refund me|"
    "I sent the {thing} back {day} and have not been paid|you charged me twice for the {thing}|"
    "the {thing} never came, so I would like a refund|how do I return a {thing}?|"
    "the {thing} is {bad}, can I return it?|your invoice says £{number}, that is wrong|"
    "can I swap the {thing} for a {thing}?|when will the refund arrive?",
    "account": "I can't log in since {day}|please change my address to {city}|how do I reset my password?|"
    "my account was closed {day}, why?|I get no email when I order a {thing}|please delete my account|"
    "the app says my card is not valid|someone ordered a {thing} with my account|can I have two accounts?|"
    "the code you sent {day} does not work",
    "praise": "the {thing} is {good}|the {thing} came {day} and it is {very} {good}|what a {very} {good} shop|"
    "your driver in {city} was {good}|I was paid back at once, {good} service|my {thing} is {good}, thank you|"
    "I told everyone in {city} about the {thing}|the new app is {good}|{very} happy with the {thing}|"
    "the delivery was quick and the {thing} is {good}",
}


def shop_messages(rows: int = ROWS, seed: int = 0) -> tuple[list[str], list[str]]:
    """Return messages, no two alike, and their classes: so many of each."""
    random = np.random.default_rng(seed)
    texts: list[str] = []
    labels: list[str] = []
    for label, told in MESSAGES.items():
        found: dict[str, None] = {}
        while len(found) < rows:
            found.setdefault(_message(told.split("|"), random))
        texts += found
        labels += [label] * rows
    return texts, labels


def _message(told: list[str], random: np.random.Generator) -> str:
    about = str(random.choice(told))
    before = "{hello} " if random.random() < 0.4 else ""
    after = " {more}" * int(random.choice([0, 1, 1, 2]))
    end = "" if about.endswith("?") else str(random.choice([".", "!", "", "..."]))
    text = f"{before}{about if before else about[0].upper() + about[1:]}{end}{after}"
    while _SLOT.search(text):
        text = _SLOT.sub(lambda slot: str(random.choice(WORDS[slot[1]].split("|"))), text, count=1)
    text = text[0].upper() + text[1:]
    return text.lower() if random.random() < 0.15 else text

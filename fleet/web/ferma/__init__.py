"""The Ferma façade: `reading` what shops send, `writing` what they are told, `door` the calls themselves.

`envelope` and `tables` hold the protocol's words, `fields` reads one JSON object with all its mistakes.
"""

-- Where each part of the gate stands in the order of Prosody's handlers, higher first. mod_gate holds
-- this against what is really registered before the public host comes up; docs/gate.md explains it.
-- alone: nobody may stand before or beside it. above, below: what it must come before or after.
return {
	{ host = "domain", module = "gate_handshake", event = "stream-features", priority = 1000, alone = true },
	{ host = "auth", module = "gate_handshake", event = "stream-features", priority = 1000, alone = true },
	{ host = "domain", module = "gate_stanzas", event = "pre-stanza", priority = 1000, alone = true },
	{ host = "auth", module = "gate_stanzas", event = "pre-stanza", priority = 1000, alone = true },
	{ host = "domain", module = "gate_turn", event = "iq-get/host/urn:xmpp:extdisco:2:services", priority = 1000, alone = true },
	{ host = "domain", module = "gate_turn", event = "iq-get/host/urn:xmpp:extdisco:2:credentials", priority = 1000, alone = true },
	{ host = "conference", module = "gate_rooms", event = "muc-room-pre-create", priority = 1000, alone = true },
	{ host = "conference", module = "gate_rooms", event = "muc-room-pre-create", priority = -0.5, above = -1 },
	{ host = "conference", module = "gate_rooms", event = "muc-room-created", priority = 1000, alone = true },
	{ host = "conference", module = "gate_rooms", event = "muc-occupant-pre-join", priority = 1000, alone = true },
	-- Core's token_affiliation stands at -3.5 and skips rooms that are members-only, Jitsi's lobby at -4,
	-- members-only at -5: later than any of them, no moderator ever gets in.
	{ host = "conference", module = "gate_rooms", event = "muc-occupant-pre-join", priority = 5, above = -3.5 },
	{ host = "conference", module = "gate_rooms", event = "muc-occupant-pre-join", priority = -1000, below = -20 },
	{ host = "conference", module = "gate_rooms", event = "muc-occupant-pre-change", priority = 1000, alone = true },
	{ host = "conference", module = "gate_rooms", event = "muc-pre-set-affiliation", priority = 1000, alone = true },
	{ host = "conference", module = "gate_rooms", event = "muc-pre-set-role", priority = 1000, alone = true },
	{ host = "conference", module = "gate_rooms", event = "muc-pre-invite", priority = 1000, alone = true },
	{ host = "conference", module = "gate_rooms", event = "muc-config-submitted", priority = 1000, alone = true },
	{ host = "conference", module = "gate_rooms", event = "muc-occupant-left", priority = 1000, alone = true },
	{ host = "lobby", module = "gate_beside", event = "muc-room-pre-create", priority = 1000, alone = true },
	{ host = "lobby", module = "gate_beside", event = "muc-room-created", priority = 1000, alone = true },
	{ host = "lobby", module = "gate_beside", event = "muc-occupant-pre-join", priority = 1000, alone = true },
	{ host = "breakout", module = "gate_beside", event = "muc-room-pre-create", priority = 1000, alone = true },
	{ host = "breakout", module = "gate_beside", event = "muc-room-created", priority = 1000, alone = true },
	{ host = "breakout", module = "gate_beside", event = "muc-occupant-pre-join", priority = 1000, alone = true },
	{ host = "internal", module = "gate_internal", event = "muc-room-pre-create", priority = 1000, alone = true },
	{ host = "internal", module = "gate_internal", event = "muc-occupant-pre-join", priority = 1000, alone = true },
}

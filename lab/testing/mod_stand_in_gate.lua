-- Stands in for the gate in tests of the enumeration probe: who has no token that this file knows, or
-- asks for another room, gets one constant answer, before any room is looked up. It verifies nothing:
-- tokens are words of a list.

local st = require "prosody.util.stanza";
local jid_split = require "prosody.util.jid".split;
local decode = require "prosody.util.http".formdecode;

local tokens = module:get_option("stand_in_tokens");

module:hook_global("websocket-session", function (event)
	local query = decode(event.request.url.query or "");
	local known = type(query) == "table" and tokens[query.token];
	event.session.stand_in_room = known and known == query.room and known or nil;
end);

module:hook("stream-features", function (event)
	if not event.origin.stand_in_room then
		event.origin:close("not-authorized");
		return true;
	end
end, 1000);

local function refuse(event)
	local origin, stanza = event.origin, event.stanza;
	local node, host = jid_split(stanza.attr.to);
	if host == module.host and not node then return; end
	if host == "conference." .. module.host and node == origin.stand_in_room then return; end
	if stanza.attr.type ~= "error" and stanza.attr.type ~= "result" then
		origin.send(st.error_reply(stanza, "auth", "forbidden"));
	end
	return true;
end

for _, kind in ipairs { "presence", "message", "iq" } do
	for _, to in ipairs { "bare", "full", "host" } do
		module:hook("pre-" .. kind .. "/" .. to, refuse, 1000);
	end
end

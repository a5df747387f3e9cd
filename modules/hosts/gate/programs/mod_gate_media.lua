-- Jitsi's client may end a media session while it still accepts it: media begins anew with encryption, and who comes
-- into an encrypted meeting is asked to a session meanwhile. Jicofo refuses the acceptance, since that session is gone.
-- The client takes the refusal for the end of the meeting and loads its page again, half a minute later.
-- So whoever accepts what they have ended themselves, and asked to begin anew, gets an empty answer, and Jicofo hears
-- nothing of it.

local st = require "prosody.util.stanza"

-- Sessions of one client that may have ended while acceptances of them are on their way.
local most = 4

module:hook("pre-iq/full", function (event)
	local session, stanza = event.origin, event.stanza
	local jingle = session.gate and stanza.attr.type == "set" and stanza:get_child("jingle", "urn:xmpp:jingle:1")
	if not jingle or not jingle.attr.sid then return end
	local action, media = jingle.attr.action, stanza.attr.to .. " " .. jingle.attr.sid
	local ended = session.gate.ended_media or {}
	if action == "session-terminate" then
		local bridge_session = jingle:get_child("bridge-session", "http://jitsi.org/protocol/focus")
		if not bridge_session or bridge_session.attr.restart ~= "true" then return end
		table.insert(ended, 1, media)
		ended[most + 1], session.gate.ended_media = nil, ended
	elseif action == "session-accept" then
		for _, one in ipairs(ended) do
			if one == media then
				session.send(st.reply(stanza))
				return true
			end
		end
	end
end, 1000)

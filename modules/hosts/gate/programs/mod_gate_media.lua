-- Jitsi's client may end a media session while it still accepts it: media begins anew with encryption, and who comes
-- into an encrypted meeting is asked to a session meanwhile. Jicofo refuses the acceptance, since that session is gone.
-- The client takes the refusal for the end of the meeting and loads its page again, half a minute later.
-- So whoever accepts what they have ended themselves gets an empty answer, and Jicofo hears nothing of it.

local st = require "prosody.util.stanza"

module:hook("pre-iq/full", function (event)
	local session, stanza = event.origin, event.stanza
	local jingle = session.gate and stanza.attr.type == "set" and stanza:get_child("jingle", "urn:xmpp:jingle:1")
	if not jingle then return end
	local action, sid = jingle.attr.action, jingle.attr.sid
	if action == "session-terminate" then
		session.gate.ended_media = sid
	elseif action == "session-accept" and sid and sid == session.gate.ended_media then
		session.send(st.reply(stanza))
		return true
	end
end)

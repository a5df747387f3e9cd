-- A guest who was let in and lost the connection comes back without asking again, for as long as the meeting goes on.
-- What proves that it is the same browser is a secret in a cookie that no script can read and that goes to the handshake
-- alone. It is worth what its holder's membership is: nothing after a removal, after leaving, or in the next meeting.

local add_task = require "prosody.util.timer".add_task
local hashes = require "prosody.util.hashes"
local hex = require "prosody.util.hex"
local jid = require "prosody.util.jid"
local random = require "prosody.util.random"
local now = require "prosody.util.time".monotonic
local gate = module:depends("gate")

-- One for each meeting, so that a browser may be in two; no longer than its token, so that there are never many.
local cookie = "%s=%s; Path=/xmpp-websocket; Secure; HttpOnly; SameSite=Strict; Max-Age=%d"
local function cookie_name(admitted) return "__Secure-polder-" .. admitted.digest:sub(1, 16) end

-- Seconds that the former window has to answer the frame that the handshake of the new one sends it. The new one needs six round
-- trips from there to its join; a small frame may wait 40 ms for the acknowledgement of the one before.
local answers_within = 0.1

-- By room, as long as somebody is in it: by the digest of a secret, which session came by it last, by which token, and the
-- account that is the member.
local admissions = setmetatable({}, { __mode = "k" })

-- A pattern whose time grows with the header's length alone: it is read of everybody with a token.
local function secret_of(request, name)
	local cookies = ";" .. (request.headers.cookie or "") .. ";"
	return cookies:match(";%s*" .. name:gsub("%-", "%%-") .. "=(%x+);")
end

-- At a handshake. A secret that counts is kept; who has none gets one, which counts once they are in the meeting.
function hand_out(admitted, request, response)
	if admitted.role ~= "guest" then return end
	local room, name = gate.live_room("conference", admitted.room), cookie_name(admitted)
	local shown = secret_of(request, name)
	local digest = shown and hashes.sha256(shown, true)
	local held = room and digest and (admissions[room] or {})[digest]
	if held and held.id == admitted.id then
		admitted.return_digest = digest
		gate.ask(held.session)
		return
	end
	local secret = hex.encode(random.bytes(32))
	admitted.return_digest = hashes.sha256(secret, true)
	response.headers.set_cookie = cookie:format(name, secret, math.max(0, admitted.expires - os.time()))
end

local function held_by(room, session)
	local pinned = session.gate
	return pinned and pinned.return_digest and (admissions[room] or {})[pinned.return_digest]
end

local function is_member(room, held) return room:get_affiliation(held.bare) == "member" end

-- A window of the browser that was let in and still answers.
local function still_stands(room, held)
	if held.session.destroyed or not is_member(room, held) then return false end
	local asked = held.session.gate.asked
	return not asked or now() - asked < answers_within
end

-- Before the lobby and before members-only. Other modules may still refuse: then the membership is taken back, and who
-- was admitted stays who moderators saw.
module:hook("muc-occupant-pre-join", function (event)
	local room, session = event.room, event.origin
	local held = held_by(room, session)
	if not held or held.session == session or not is_member(room, held) or still_stands(room, held) then return end
	local bare = jid.bare(event.stanza.attr.from)
	local pinned = session.gate
	room._affiliations[bare], pinned.comes_back_as = "member", held
	event.occupant.role = room:get_default_role("member")
	add_task(0, function ()
		pinned.comes_back_as = nil
		if held.bare ~= bare then room._affiliations[bare] = nil end
	end)
end, 5)

module:hook("muc-occupant-joined", function (event)
	local room, session, bare = event.room, event.origin, event.occupant.bare_jid
	local pinned, held = session.gate, held_by(room, session)
	if held and pinned.comes_back_as == held then
		local former = held.session
		room._affiliations[held.bare] = nil
		held.session, held.bare = session, bare
		if not former.destroyed then gate.end_silent(former) end
		gate.security({ action = "come back", result = "admitted", room = jid.node(room.jid) }, session)
	-- A second window of the browser, that somebody let in: the first one keeps what it has.
	elseif pinned and pinned.return_digest and not (held and still_stands(room, held)) then
		admissions[room] = admissions[room] or {}
		admissions[room][pinned.return_digest] = { session = session, id = pinned.id, bare = bare }
	end
end, -1000)

-- Who leaves is asked for again; who lost the connection is taken out of the room by the server, when the session is over.
module:hook("muc-occupant-pre-leave", function (event)
	local room, session = event.room, event.origin
	local held = held_by(room, session)
	if held and held.session == session and not session.destroyed then admissions[room][session.gate.return_digest] = nil end
end, 1000)

-- Jitsi's lobby keeps a room while somebody waits in it, also after the meeting.
module:hook("muc-occupant-left", function (event)
	if not event.room:has_occupant() then admissions[event.room] = nil end
end, -1000)

-- A guest who was let in and lost the connection comes back without asking again, for as long as the meeting goes on.
-- What proves that it is the same browser is a secret in a cookie that no script can read and that goes to the handshake
-- alone. It is worth what its holder's membership is: nothing after a removal, after leaving, or in the room's next life.

local hashes = require "prosody.util.hashes"
local hex = require "prosody.util.hex"
local jid = require "prosody.util.jid"
local random = require "prosody.util.random"
local now = require "prosody.util.time".monotonic
local gate = module:depends("gate")

-- As long as the browser runs: how long it counts is decided here, and not by the browser.
local name = "__Secure-polder-return"
local cookie = name .. "=%s; Path=/xmpp-websocket; Secure; HttpOnly; SameSite=Strict"

-- Seconds that the former window has to answer the frame that the handshake of the new one sends it. The new one needs six round
-- trips from there to its join; a small frame may wait 40 ms for the acknowledgement of the one before.
local answers_within = 0.25

-- By room, as long as it lives: by the digest of a secret, which session came by it last, by which token, and the account
-- that is the member.
local returns = setmetatable({}, { __mode = "k" })

local function secret_of(request)
	for found, value in (request.headers.cookie or ""):gmatch("([^=;%s]+)=([^;]*)") do
		if found == name then return value end
	end
end

-- At a handshake. A secret that counts is kept; who has none gets one, which counts once they are in the meeting.
function hand_out(admitted, request, response)
	if admitted.role ~= "guest" then return end
	local room, shown = gate.live_room("conference", admitted.room), secret_of(request)
	local digest = shown and hashes.sha256(shown, true)
	local held = room and digest and (returns[room] or {})[digest]
	if held and held.id == admitted.id then
		admitted.return_digest = digest
		gate.ask(held.session)
		return
	end
	local secret = hex.encode(random.bytes(32))
	admitted.return_digest = hashes.sha256(secret, true)
	response.headers.set_cookie = cookie:format(secret)
end

local function held_by(room, session)
	local pinned = session.gate
	return pinned and pinned.return_digest and (returns[room] or {})[pinned.return_digest]
end

local function is_member(room, held) return room:get_affiliation(held.bare) == "member" end

-- Whoever had that membership is gone, or doesn't answer and ends: one person is in the meeting once.
module:hook("muc-occupant-pre-join", function (event)
	local room, session = event.room, event.origin
	local held = held_by(room, session)
	if not held or held.session == session or not is_member(room, held) then return end
	if not held.session.destroyed then
		local asked = held.session.gate.asked
		if not asked or now() - asked < answers_within then return end
		gate.end_silent(held.session)
	end
	local bare = jid.bare(event.stanza.attr.from)
	room._affiliations[bare] = "member"
	held.session, held.bare = session, bare
	event.occupant.role = room:get_default_role("member")
	gate.security({ action = "come back", result = "admitted", room = jid.node(room.jid) }, session)
end, 5)

module:hook("muc-occupant-joined", function (event)
	local room, session = event.room, event.origin
	local pinned, held = session.gate, held_by(event.room, session)
	if not pinned or not pinned.return_digest then return end
	-- A second window of the browser that somebody let in: the first one keeps what it has.
	if held and held.session ~= session and not held.session.destroyed and is_member(room, held) then return end
	returns[room] = returns[room] or {}
	returns[room][pinned.return_digest] = { session = session, id = pinned.id, bare = event.occupant.bare_jid }
end, -1000)

-- Who leaves is asked for again; who lost the connection is taken out of the room by the server, when the session is over.
module:hook("muc-occupant-pre-leave", function (event)
	local room, session = event.room, event.origin
	local held = held_by(room, session)
	if held and held.session == session and not session.destroyed then returns[room][session.gate.return_digest] = nil end
end, 1000)

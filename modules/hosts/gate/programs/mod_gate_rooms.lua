-- Meetings' rooms. Made by Jicofo's account alone, and only by a name that proves that it was issued;
-- members-only from birth to end; owned by who has a moderator's token; left for good when put out.

local jid = require "prosody.util.jid"
local gate = module:depends("gate")
local muc = module:depends("muc")

local limits = module:get_option("gate_limits")
local focus = gate.focus_jid()

-- What was done in a room. Jicofo's room for looking after itself is made each ten seconds, and nobody else can be in it.
local function note(act, room, session)
	act.room = jid.node(room.jid)
	if not gate.is_health_check(act.room) then gate.security(act, session) end
end

local function refuse(event, why, text)
	return gate.refuse(event, { action = "room", why = why, room = jid.node(event.stanza.attr.to) }, text)
end

local function pinned_to(session, room)
	local pinned = session.gate
	return pinned ~= nil and pinned.room == jid.node(room.jid) and pinned or nil
end

-- Birth ----------------------------------------------------------------------------------------------

module:hook("muc-room-pre-create", function (event)
	if jid.bare(event.stanza.attr.from) ~= focus then return refuse(event, "not opened") end
	if not gate.may_open(jid.node(event.room.jid)) then return refuse(event, "not issued") end
end, 1000)

-- After the module's own defaults and after the secret that a stanza may bring; before the creator is owner.
local function close(room)
	room._data.members_only = true
	room._data.allow_member_invites = nil
	room._data.password = nil
	room._data.hidden = true
end
module:hook("muc-room-pre-create", function (event)
	close(event.room)
	event.room._data.persistent = nil
end, -0.5)
-- What another module made without anybody walking in was asked nothing yet. It is put away a moment later:
-- here it isn't in the list of rooms, and would be put there after this.
module:hook("muc-room-created", function (event)
	local room = event.room
	close(room)
	if gate.may_open(jid.node(room.jid)) then
		-- Jitsi's lobby: from birth, and as long as somebody waits, also when the room is empty meanwhile.
		if not gate.is_health_check(jid.node(room.jid)) then
			prosody.events.fire_event("create-persistent-lobby-room", { room = room })
		end
		return
	end
	gate.security({ action = "room", result = "ended", why = "not issued", room = jid.node(room.jid) })
	module:add_timer(0, function () room:destroy(nil, "not issued") end)
end, 1000)

-- For its whole life: whoever sets it, by form or from another module. Whether an empty room stays is
-- left to modules, which keep it for who waits in its lobby or sits in a breakout, and to no form.
local kept = {}
for _, setter in ipairs { "set_members_only", "set_password", "set_allow_member_invites", "set_hidden", "set_public" } do
	kept[setter] = muc.room_mt[setter]
	muc.room_mt[setter] = function (room)
		close(room)
		return false
	end
end
local show_accounts_again = module:require "gate_whois"(muc.room_mt, focus)
function module.unload()
	show_accounts_again()
	for setter, original in pairs(kept) do muc.room_mt[setter] = original end
end
module:hook("muc-config-submitted", function (event)
	local fields = event.fields
	fields["muc#roomconfig_membersonly"] = true
	fields["{http://prosody.im/protocol/muc}roomconfig_allowmemberinvites"] = false
	fields["muc#roomconfig_allowinvites"] = false
	fields["muc#roomconfig_roomsecret"] = ""
	fields["muc#roomconfig_publicroom"] = false
	fields["muc#roomconfig_persistentroom"] = event.room:get_persistent() or false
end, 1000)

-- Joining --------------------------------------------------------------------------------------------

local may_join = module:require "gate_buckets".new(limits.joins, limits.seconds)

-- The answer to who comes to their own room, so that nobody takes the link for a wrong one.
local meeting_full = ("This meeting is full: %d people are in it"):format(limits.occupants)

-- In how many sessions the room holds people, whom the plan counts, and not Jicofo or another service; and how many
-- of them came by this token. From the room's own index: its iterator copies every occupant, which at each join of a
-- large meeting costs more than the rest.
local function occupants(room, id)
	local all, same = 0, 0
	for full in pairs(room._jid_nick) do
		local session = prosody.full_sessions[full]
		if session and session.gate then
			all = all + 1
			if session.gate.id == id then same = same + 1 end
		end
	end
	return all, same
end

-- Where the room has no place left, to ask makes one: who was silent is put out. So it is asked only for who gets in.
local function is_full(room, all)
	return all >= limits.occupants and not gate.has_room(room)
end

module:hook("muc-occupant-pre-join", function (event)
	if jid.bare(event.stanza.attr.from) == focus then return end
	local pinned = pinned_to(event.origin, event.room)
	if not pinned then return refuse(event, "other room") end
	if not may_join(pinned.address) then return refuse(event, "too many joins") end
	local all, same = occupants(event.room, pinned.id)
	if pinned.role == "guest" and same >= limits.link then return refuse(event, "link used by too many", meeting_full) end
	-- Of a guest it is asked last of all.
	if pinned.role == "moderator" and is_full(event.room, all) then return refuse(event, "room full", meeting_full) end
end, 1000)

module:hook("muc-occupant-pre-change", function (event)
	if jid.bare(event.stanza.attr.from) == focus then return end
	if not pinned_to(event.origin, event.room) then return refuse(event, "other room") end
end, 1000)

-- Owner by the token's role. Before the lobby and before members-only, else a moderator waits for one.
module:hook("muc-occupant-pre-join", function (event)
	local pinned = pinned_to(event.origin, event.room)
	if pinned and pinned.role == "moderator" then
		-- Set, not announced: the presence that follows says it, and an announcement goes to every moderator.
		event.room._affiliations[jid.bare(event.stanza.attr.from)] = "owner"
		event.occupant.role = event.room:get_default_role("owner")
	end
end, 5)

-- The last word, after everybody else's: nobody is in who isn't let in, whatever another module thought.
module:hook("muc-occupant-pre-join", function (event)
	local room, from = event.room, event.stanza.attr.from
	if jid.bare(from) == focus then return end
	local affiliation = room:get_affiliation(from)
	if affiliation ~= "member" and affiliation ~= "owner" then return refuse(event, "not let in") end
	if event.origin.gate.role == "guest" and is_full(room, (occupants(room))) then return refuse(event, "room full", meeting_full) end
end, -1000)

module:hook("muc-occupant-joined", function (event)
	note({ action = "join", result = "admitted" }, event.room, event.origin)
end, -1000)

-- End-to-end encryption ------------------------------------------------------------------------------

-- Jitsi's clients begin and end it as soon as anybody's presence has it so; whose it is they don't look. So a moderator's
-- change counts, and of all presences what agrees with it: else one guest's client could have everybody's media readable
-- for the bridge again. What disagrees is left out wherever a presence is sent: a room keeps each and shows it to who comes.
local ENCRYPTS = "jitsi_participant_e2ee.enabled"
-- Of a room: whether it encrypts, and what each moderator's session had last.
local encryption = setmetatable({}, { __mode = "k" })

local function encryption_of(room)
	local of = encryption[room]
	if not of then
		of = { on = false, had = setmetatable({}, { __mode = "k" }) }
		encryption[room] = of
	end
	return of
end

-- true, false, or nil where a presence has nothing of it.
local function has_encryption(presence)
	local element = presence:get_child(ENCRYPTS)
	return element and element:get_text() == "true"
end

local function note_encryption(event)
	local session = event.origin
	if not session.gate or session.gate.role ~= "moderator" then return end
	local of, wanted = encryption_of(event.room), has_encryption(event.stanza)
	if wanted == nil then return end
	-- Each later presence has it again, also when another moderator has ended it meanwhile.
	if wanted ~= (of.had[session] == true) then of.on = wanted end
	of.had[session] = wanted
end
-- Of who is in, and of what came through all other modules.
module:hook("muc-occupant-pre-join", function (event)
	encryption_of(event.room).had[event.origin] = nil
	note_encryption(event)
end, -1001)
module:hook("muc-occupant-pre-change", note_encryption, -1001)
module:hook("muc-build-occupant-presence", function (event)
	local wanted = has_encryption(event.stanza)
	if wanted ~= nil and wanted ~= encryption_of(event.room).on then event.stanza:remove_children(ENCRYPTS) end
end, 1000)

-- Nobody is left who encrypts, so nobody who comes learns of it: a moderator begins it again.
module:hook("muc-occupant-left", function (event)
	local of = encryption[event.room]
	if not of or not of.on then return end
	for _, occupant in event.room:each_occupant() do
		local presence = occupant:get_presence()
		if presence and has_encryption(presence) then return end
	end
	of.on = false
end, -1000)

-- Affiliations and roles -----------------------------------------------------------------------------

-- Whose act it was; nobody's where the server itself acts.
local function session_of(actor)
	return type(actor) == "string" and prosody.full_sessions[actor] or nil
end

local function may_be(room, bare, affiliation)
	local node = jid.node(room.jid)
	if bare == focus then return affiliation == "owner" end
	if affiliation == "none" then return true end
	if affiliation == "owner" then return gate.is_of_room(bare, node, "moderator") end
	-- Nor does anybody else get on the list of who is banned: a whole host would be Jicofo's, too.
	return affiliation ~= "admin" and gate.is_of_room(bare, node)
end

module:hook("muc-pre-set-affiliation", function (event)
	if not may_be(event.room, event.jid, event.affiliation) then
		event.allowed = false
		event.error = { type = "cancel", condition = "not-allowed" }
		local act = { action = "set " .. event.affiliation, result = "refused", room = jid.node(event.room.jid) }
		gate.security(act, session_of(event.actor))
	end
end, 1000)

-- Core keeps a nick for whom an affiliation is set together with one, and puts out who has it, asking nobody.
module:hook("iq-set/bare/http://jabber.org/protocol/muc#admin:query", function (event)
	local item = event.stanza.tags[1].tags[1]
	if item and item.attr.affiliation and item.attr.nick then return refuse(event, "reserves a nick") end
end, 1000)

-- Who isn't in the meeting any more hears none of its breakouts either.
local function leave_breakouts(meeting, bare)
	for address in pairs(meeting._data.breakout_rooms or {}) do
		local breakout = gate.live_room("breakout", jid.node(address))
		for nick, occupant in pairs(breakout and breakout._occupants or {}) do
			if occupant.bare_jid == bare then breakout:set_role(true, nick, "none") end
		end
	end
end

module:hook("muc-set-affiliation", function (event)
	note({ action = "set " .. event.affiliation, result = "done" }, event.room, session_of(event.actor))
	if event.affiliation == "none" or event.affiliation == "outcast" then leave_breakouts(event.room, event.jid) end
end, -1000)

-- A moderator by role alone would be one without a moderator's token; Jicofo isn't anybody's to put out.
module:hook("muc-pre-set-role", function (event)
	local bare = event.occupant.bare_jid
	local makes_moderator = event.role == "moderator" and event.room:get_affiliation(bare) ~= "owner"
	if makes_moderator or bare == focus then
		event.allowed, event.error, event.condition = false, "cancel", "not-allowed"
	end
end, 1000)

-- An invitation makes a member, and goes to whom it names: only to who waits with a token for this room.
-- Jitsi's lobby reads several out of one stanza, by their name in whatever namespace, and asks here about each with
-- the whole of it.
module:hook("muc-pre-invite", function (event)
	local x = event.stanza:get_child("x", "http://jabber.org/protocol/muc#user")
	for _, invite in ipairs(x.tags) do
		local invited = invite.name == "invite" and jid.bare(jid.prep(invite.attr.to) or "")
		if invited == nil or invited and not gate.is_of_room(invited, jid.node(event.room.jid)) then
			return refuse(event, "invited without a token")
		end
	end
end, 1000)

-- A message of the room's to any address there is, and nobody needs it.
module:hook("muc-pre-decline", function (event) return refuse(event, "declines") end, 1000)

-- Put out: what members saw is status 307; then membership goes, too, and the way back is the lobby.
local put_out = setmetatable({}, { __mode = "k" })
module:hook("muc-broadcast-presence", function (event)
	for _, status in ipairs(event.x.tags) do
		if status.name == "status" and status.attr.code == "307" then
			put_out[event.room] = put_out[event.room] or {}
			put_out[event.room][event.occupant.bare_jid] = event.actor or true
		end
	end
end, 1000)
module:hook("muc-occupant-left", function (event)
	local room, bare = event.room, event.occupant.bare_jid
	local actor = put_out[room] and put_out[room][bare]
	if not actor then return end
	put_out[room][bare] = nil
	if room:get_affiliation(bare) == "member" then room:set_affiliation(true, bare, "none") end
	gate.security({ action = "put out", result = "done", room = jid.node(room.jid) }, session_of(actor))
end, 1000)

-- Rooms beside a meeting: its lobby, which has its name, and its breakouts, whose names its moderators
-- made. Nobody opens a lobby by walking in, since who makes a room owns it: Jitsi's module makes it.

local jid = require "prosody.util.jid"
local gate = module:depends("gate")
local kind = module:get_option_string("gate")
local focus = gate.focus_jid()
local limits = module:get_option("gate_limits")

local room_mt = module:depends("muc").room_mt

local show_accounts_again, route_stanza = module:require "gate_whois"(room_mt, focus), room_mt.route_stanza
function module.unload()
	show_accounts_again()
	room_mt.route_stanza = route_stanza
end

-- Who waits hears of moderators and of nobody else: with a link alone, nobody learns who was invited.
if kind == "lobby" then
	room_mt.route_stanza = function (room, stanza)
		local session, nick = prosody.full_sessions[stanza.attr.to], jid.resource(stanza.attr.from)
		local pinned = session and session.gate
		local is_guest = pinned ~= nil and pinned.role == "guest"
		if is_guest and nick and session.username:sub(1, #nick) ~= nick and not (pinned.lobby_nicks or {})[nick] then
			local sender = room._occupants[stanza.attr.from]
			if not (sender and gate.is_of_room(sender.bare_jid, pinned.room, "moderator")) then return end
		end
		return route_stanza(room, stanza)
	end
end

local function refuse(event, why) return gate.refuse(event, { action = kind, why = why }) end

-- Who comes to the lobby is shown to every moderator, each time.
local may_join = module:require "gate_buckets".new(limits.joins, limits.seconds)

-- The meeting that a room belongs to, if it lives.
local function meeting_of(room)
	if kind == "lobby" then return gate.live_room("conference", jid.node(room.jid)) end
	return gate.main_room_of(room.jid)
end

module:hook("muc-room-pre-create", function (event)
	local by_focus = jid.bare(event.stanza.attr.from) == focus
	if kind == "lobby" or not by_focus or not meeting_of(event.room) then return refuse(event, "not opened") end
end, 1000)

-- A moment later: here the room isn't in the list of rooms yet, and would be put there after this.
module:hook("muc-room-created", function (event)
	local room = event.room
	module:add_timer(0, function ()
		if not meeting_of(room) then room:destroy(nil, "no meeting") end
	end)
end, 1000)

module:hook("muc-occupant-pre-join", function (event)
	local from = event.stanza.attr.from
	if jid.bare(from) == focus then return end
	local meeting, pinned = meeting_of(event.room), event.origin.gate
	if not (meeting and pinned and pinned.room == jid.node(meeting.jid)) then return refuse(event, "other room") end
	if not may_join(pinned.address) then return refuse(event, "too many joins") end
	local affiliation = meeting:get_affiliation(from)
	if kind == "breakout" and affiliation ~= "member" and affiliation ~= "owner" then return refuse(event, "not let in") end
end, 1000)

-- Nobody waits for ever: who went away from the screen would be let in unseen. Moderators, who are here to look,
-- stay.
if kind == "lobby" then
	local wait = limits.wait
	local since = {}
	module:hook("muc-occupant-joined", function (event)
		local room, from, mark = event.room, event.stanza.attr.from, {}
		since[from] = mark
		module:add_timer(wait, function ()
			-- Let in, gone, or come anew meanwhile: then another mark counts, or nobody is there.
			if since[from] ~= mark then return end
			since[from] = nil
			local occupant = room:get_occupant_by_real_jid(from)
			if not occupant or room:get_affiliation(from) == "owner" then return end
			gate.security({ action = kind, result = "ended", why = "waited too long", room = jid.node(room.jid) })
			room:set_role(true, occupant.nick, nil, ("Nobody let you in within %d minutes"):format(math.ceil(wait / 60)))
		end)
	end)
end

-- The gate's middle: its keys, its open sessions, what is revoked, and the watch over its own parts.
-- The public hosts are switched off in prosody.cfg.lua. This module alone brings them up, and only
-- when every part of the gate stands where it must: without it, or with one part missing, moved or
-- failing to load, there is no meeting to enter.
module:set_global()

local hostmanager = require "prosody.core.hostmanager"
local modulemanager = require "prosody.core.modulemanager"
local configmanager = require "prosody.core.configmanager"
local hashes = require "prosody.util.hashes"
local jid = require "prosody.util.jid"
local st = require "prosody.util.stanza"
local add_task = require "prosody.util.timer".add_task
local monotonic = require "prosody.util.time".monotonic
local log = module:depends("gate_log")
local token = module:require "gate_token"
local name = module:require "gate_name"
local files = module:require "gate_files"
local hooks = module:require "gate_hooks"
local buckets = module:require "gate_buckets"

local folder = module:get_option_string("gate_folder")
local revoked_file = module:get_option_string("gate_revoked")
local limits = module:get_option("gate_limits")
local grace = module:get_option_integer("gate_grace", 60, 0)
local longest_life = module:get_option_integer("gate_life", 0, 1)
local guests_come = module:get_option_boolean("gate_guests", false)
-- Name of each host by what it is: domain, auth, internal, conference, lobby, breakout, focus.
names = module:get_option("gate_hosts")
local are_claims = token.are_claims_of(names.domain)
-- Switched on in this order: what a client can reach comes last.
local public = { "conference", "lobby", "breakout", "focus", "domain" }

local ready = false
local token_keys, room_keys, revoked, revoked_stamp
local health_check = "__jicofo-health-check-"

local function now() return os.time() end

-- Refusals of one address that are written down; the others are counted. Else a flood of them would make the
-- journal drop lines, whosever they are.
local may_write = buckets.new(limits.refusals, limits.seconds)
local unwritten = {}

-- One decision into the security log; with a session, also whose it was.
function security(event, session)
	local pinned = session and session.gate
	if session and not pinned then event.actor, event.address = session.username, session.ip end
	local address = pinned and pinned.address or event.address
	if event.result == "refused" and address and not may_write(address) then
		local network = buckets.network_of(address)
		unwritten[network] = (unwritten[network] or 0) + 1
		return
	end
	log.security(event, pinned)
end

-- What nobody waits for an answer to (RFC 6120, 8.2.3 and 8.3.1).
local unanswered = { error = true, result = true, unavailable = true }

-- By link and network: others sit in the same network, or came by the same link. It lets nobody new in for a while
-- when it was refused too often: to come back costs more than to be refused.
local may_be_refused = buckets.by_key(limits.refused, limits.seconds)
local shut_until = {}
local function source_of(id, network) return id .. " " .. network end

-- A stanza that is refused: one answer, whatever the reason, and one decision, of which the caller says action and
-- what else is known. Always true, as a handler's that has done all that is to be done. text: words for who may know
-- that it is only a matter of waiting (XEP-0045, 7.2.9).
function refuse(event, decision, text)
	local session, stanza = event.origin, event.stanza
	if session.gate and not may_be_refused(session.gate.source) then
		shut_until[session.gate.source] = now() + limits.seconds
		security({ action = "session", result = "ended", why = "refused too often" }, session)
		session:close({ condition = "policy-violation", text = "Too much that is refused" })
		return true
	end
	if not unanswered[stanza.attr.type] then session.send(st.error_reply(stanza, text and "wait" or "cancel", "service-unavailable", text)) end
	if decision then
		decision.result = "refused"
		security(decision, session)
	end
	return true
end

local function write_counts()
	for network, count in pairs(unwritten) do
		log.security { action = "refusals", result = "refused", why = "too many to write down", address = network, more = count }
	end
	unwritten = {}
end

-- Keys -----------------------------------------------------------------------------------------------

local function load_keys()
	token_keys = files.token_keys(folder .. "/tokens.pem")
	room_keys = files.room_keys(folder .. "/rooms.keys")
	if not token_keys then module:log("error", "gate/tokens.pem holds something else than up to two public keys of 3072 bits: every session is refused") end
	if not room_keys then module:log("error", "gate/rooms.keys holds no key, or more than two, or something else: no room is opened") end
end
module:hook_global("config-reloaded", load_keys)

-- Sessions -------------------------------------------------------------------------------------------

-- Sessions that a token was seen of. Counted anew with each sweep, so that no count can drift.
local sessions, by_network, by_token = {}, {}, {}

local function count(session)
	local gate = session.gate
	by_network[gate.network] = (by_network[gate.network] or 0) + 1
	by_token[gate.id] = (by_token[gate.id] or 0) + 1
end

-- Whether this token was refused too often a moment ago, at this address.
function is_shut(id, address) return (shut_until[source_of(id, buckets.network_of(address))] or 0) > now() end

function sessions_of(address, id) return by_network[buckets.network_of(address)] or 0, by_token[id] or 0 end

local came = 0
function register(session)
	local gate = session.gate
	came = came + 1
	gate.network, gate.came = buckets.network_of(gate.address), came
	gate.source = source_of(gate.id, gate.network)
	sessions[session] = true
	count(session)
end

-- Whether a bare JID is a session of this room, with this role or any.
function is_of_room(bare, room, role)
	local user = prosody.bare_sessions[bare]
	for _, session in pairs(user and user.sessions or {}) do
		local gate = session.gate
		if gate and gate.room == room and (role == nil or gate.role == role) then return true end
	end
	return false
end

function focus_jid() return "focus@" .. names.auth end
-- An account of auth.<domain> that isn't Jicofo's is a bridge's: accounts come with a converge, and nobody makes another.
function is_bridge(bare)
	local user, host = jid.split(bare)
	return user ~= nil and user ~= "focus" and host == names.auth
end

-- The live room of that name, if there is one. Only ever asked for a room that is the asker's own.
function live_room(kind, node)
	local host = prosody.hosts[names[kind]]
	local muc = host and host.modules.muc
	return muc and muc.get_room_from_jid(jid.join(node, names[kind]))
end

-- The live main room that opened this breakout. Jitsi's module keeps them in the main room's data.
function main_room_of(breakout_jid)
	local muc = prosody.hosts[names.conference].modules.muc
	for room in muc.live_rooms() do
		if (room._data.breakout_rooms or {})[breakout_jid] then return room end
	end
end

-- Decisions ------------------------------------------------------------------------------------------

local function is_revoked(pinned)
	return (revoked.tokens[pinned.id] or 0) > now() or (revoked.rooms[pinned.digest] or 0) > now()
end

-- A token's session, or nil, why, and whose it was where that is sure.
function admit(text)
	if not ready then return nil, "not ready" end
	if not token_keys then return nil, "no keys" end
	if not revoked then return nil, "revocations unreadable" end
	local gate, why, actor = token.verify(text, are_claims, longest_life, token_keys, now())
	if not gate then return nil, why, actor end
	if gate.role == "guest" and not guests_come then return nil, "guests are off", gate.actor end
	gate.digest = hashes.sha256(gate.room, true)
	if is_revoked(gate) then return nil, "revoked", gate.actor end
	return gate
end

-- Jicofo's room for looking after itself: nobody else can open or enter it.
function is_health_check(node) return node:sub(1, #health_check) == health_check end

-- Whether a conference room of this name may be made. Who makes it is asked elsewhere.
function may_open(node)
	if is_health_check(node) then return true end
	return ready and room_keys ~= nil and revoked ~= nil
		and name.is_issued(node, names.domain, room_keys, now())
		and (revoked.rooms[hashes.sha256(node, true)] or 0) <= now()
end

-- Silence: mod_gate_sessions notes when a session was heard, and since when it is asked whether it is there ----

function end_silent(session)
	security({ action = "session", result = "ended", why = "silent" }, session)
	session:close({ condition = "connection-timeout", text = "Nothing came from you any more" })
end

-- Asks a session whether it is there: with a frame that a browser answers by itself.
function ask(session)
	if session.destroyed or session.gate.asked then return end
	prosody.hosts[names.domain].events.fire_event("c2s-read-timeout", { session = session })
end

-- Whether a place comes free among the sessions of which `belongs` says so. Who has lost the connection comes back
-- before the old session is found dead: of those that were asked and didn't answer, the one that was heard least
-- recently ends. Who is silent and wasn't asked yet is asked now, for whoever tries again.
local function free_place(belongs)
	local longest
	for session in pairs(sessions) do
		local pinned = session.gate
		if pinned and not session.destroyed and monotonic() - pinned.heard >= limits.answer and belongs(session) then
			if not pinned.asked then
				ask(session)
			elseif monotonic() - pinned.asked >= limits.answer and (not longest or pinned.heard < longest.gate.heard) then
				longest = session
			end
		end
	end
	if not longest then return false end
	local pinned = longest.gate
	by_network[pinned.network] = (by_network[pinned.network] or 1) - 1
	by_token[pinned.id] = (by_token[pinned.id] or 1) - 1
	end_silent(longest)
	return true
end

-- Whether a place in a room comes free, of whoever is in it.
function has_room(room)
	return free_place(function (session) return session.full_jid ~= nil and room:get_occupant_jid(session.full_jid) ~= nil end)
end

-- Whether there is a socket for who comes from this address.
function has_socket(address)
	local network = buckets.network_of(address)
	return free_place(function (session) return session.gate.network == network end)
end

-- Places of a link -----------------------------------------------------------------------------------

local function is_in_meeting(session)
	local room = live_room("conference", session.gate.room)
	return room ~= nil and session.full_jid ~= nil and room:get_occupant_jid(session.full_jid) ~= nil
end

-- Whether there is a place by this token for who comes from this address. When all are taken and nobody of it is silent, the network that holds
-- most gives one up, if it holds two more than the newcomer's: else one person could take them all, and nobody who
-- has one alone ever loses it. Of its sessions the last that came goes, and none that is in the meeting.
function has_place(id, address)
	local own = buckets.network_of(address)
	local all, held, last = 0, { [own] = 0 }, {}
	for session in pairs(sessions) do
		local gate = session.gate
		if gate and gate.id == id and not session.destroyed then
			local network = gate.network
			all, held[network] = all + 1, (held[network] or 0) + 1
			if not is_in_meeting(session) and (not last[network] or gate.came > last[network].gate.came) then
				last[network] = session
			end
		end
	end
	if all < limits.link or free_place(function (session) return session.gate.id == id end) then return true end
	local fullest
	for network in pairs(last) do
		if not fullest or held[network] > held[fullest] then fullest = network end
	end
	if not fullest or held[fullest] < held[own] + 2 then return false end
	security({ action = "session", result = "ended", why = "its place goes to another network" }, last[fullest])
	last[fullest]:close({ condition = "policy-violation", text = "Too many by this link" })
	return true
end

-- Revocation and expiry ------------------------------------------------------------------------------

local function look_for_revocations()
	local stamp, settled = files.stamp(revoked_file)
	if stamp ~= nil and stamp == revoked_stamp then return end
	local list = stamp and files.revoked(revoked_file)
	if not list and (revoked or revoked_stamp == nil) then
		module:log("error", "the list of what is revoked can't be read: every new session is refused")
		security { action = "read revocations", result = "failed" }
	end
	-- Read again in any case when it was no good, or new: the next look may see another.
	revoked, revoked_stamp = list or nil, list and settled and stamp or false
end

local function destroy_revoked_rooms()
	if not (revoked and next(revoked.rooms) and ready) then return end
	local rooms = {}
	for room in prosody.hosts[names.conference].modules.muc.live_rooms() do rooms[#rooms + 1] = room end
	for _, room in ipairs(rooms) do
		local node = jid.node(room.jid)
		if (revoked.rooms[hashes.sha256(node, true)] or 0) > now() then
			room:destroy(nil, "revoked")
			security { action = "room", result = "ended", why = "revoked", room = node }
		end
	end
end

local function sweep()
	write_counts()
	look_for_revocations()
	by_network, by_token = {}, {}
	for session in pairs(sessions) do
		local gate = session.gate
		if session.destroyed or not gate then
			sessions[session] = nil
		else
			count(session)
			local why = now() > gate.expires + grace and "expired"
				or revoked and is_revoked(gate) and "revoked"
				or token_keys and not token_keys[gate.key] and "key gone"
			if why then
				security({ action = "session", result = "ended", why = why }, session)
				session:close({ condition = "not-authorized", text = "This invitation has ended" })
			end
		end
	end
	for source, moment in pairs(shut_until) do
		-- Further away than it was set: the clock was set back.
		if moment <= now() or moment > now() + limits.seconds then shut_until[source] = nil end
	end
	destroy_revoked_rooms()
end

-- A timer that fails is gone; then nothing would be revoked any more, and nobody would see it.
local function tick()
	local ok, why = pcall(sweep)
	if not ok then
		revoked, revoked_stamp = nil, false
		module:log("error", "the sweep failed, every new session is refused: %s", why)
	end
	return 2
end

-- The watch ------------------------------------------------------------------------------------------

-- What is wrong with one hook, or nil.
local function wrong_hook(hook)
	local host = prosody.hosts[names[hook.host]]
	local part = host and modulemanager.get_module(names[hook.host], hook.module)
	local where = hook.module .. " on the " .. hook.host .. " host"
	if not part then return where .. " is missing" end
	local own
	local first = math.mininteger
	for handler, priority in pairs(host.events._event_map[hook.event] or {}) do
		if part.module.event_handlers:get(host.events, hook.event, handler) and priority == hook.priority then
			own = handler
		elseif priority > first then
			first = priority
		end
	end
	local event = " at " .. hook.event
	if not own then return where .. event .. " doesn't stand at " .. hook.priority end
	if hook.alone and first >= hook.priority then return where .. event .. " has another before it" end
	if hook.above and hook.priority <= hook.above then return where .. event .. " stands too late" end
	if hook.below and hook.priority >= hook.below then return where .. event .. " stands too early" end
end

local function faults()
	local found = {}
	for _, hook in ipairs(hooks) do found[#found + 1] = wrong_hook(hook) end
	-- What must be there beside the hooks: each host's own module, and how people log in.
	for _, kind in ipairs(public) do
		local config = configmanager.getconfig()[names[kind]] or {}
		local needed = config.component_module or "auth_" .. tostring(config.authentication)
		if not modulemanager.get_module(names[kind], needed) then found[#found + 1] = needed .. " on the " .. kind .. " host is missing" end
	end
	return found
end

local function take_down()
	ready = false
	for i = #public, 1, -1 do
		if prosody.hosts[names[public[i]]] then hostmanager.deactivate(names[public[i]], "closed") end
	end
end

local function watch()
	if not ready then return end
	local found = faults()
	if #found == 0 then return end
	for _, fault in ipairs(found) do module:log("error", fault .. ": the public hosts go down") end
	security { action = "watch", result = "closed" }
	take_down()
end

local function bring_up()
	load_keys()
	look_for_revocations()
	for _, kind in ipairs(public) do
		local config = configmanager.getconfig()[names[kind]]
		if config and config.gate == kind then hostmanager.activate(names[kind], config) end
	end
	local found = faults()
	if #found > 0 then
		for _, fault in ipairs(found) do module:log("error", fault .. ": the public hosts stay down") end
		security { action = "watch", result = "closed" }
		take_down()
		return
	end
	ready = true
	module:log("info", "the gate is whole: the public hosts are up")
	security { action = "watch", result = "open" }
	add_task(2, tick)
	for _, kind in ipairs { "domain", "auth", "conference", "lobby", "breakout", "internal" } do
		-- Later: the event comes while handlers are still being taken away.
		local context = module:context(names[kind])
		for _, event in ipairs { "module-unloaded", "module-loaded", "module-reloaded" } do
			context:hook(event, function () add_task(0, watch) end)
		end
	end
end

module:hook_global("hosts-activated", bring_up)

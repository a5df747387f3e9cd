-- Two streams of logs. Operations: Prosody's own lines, without names, tokens, rooms and addresses;
-- redacted in the sink, so that no module and no level gets past it. Security: one line of JSON for
-- each decision, by another syslog identifier and facility, where the monitor's store for security
-- takes it from.
module:set_global()

local format = require "prosody.util.format".format
local hashes = require "prosody.util.hashes"
local hex = require "prosody.util.hex"
local json = require "prosody.util.json"
local loggingmanager = require "prosody.core.loggingmanager"
local pposix = require "prosody.util.pposix"
local unix = require "socket.unix"
local files = module:require "gate_files"
local name = module:require "gate_name"
local redact = module:require "gate_redact"

local folder = module:get_option_string("gate_folder")
local known = {}
for _, host in pairs(module:get_option("gate_hosts")) do known[host] = true end

-- Lines from before this module was loaded have gone out as they were: nobody can have connected yet.
loggingmanager.register_sink_type("syslog", function ()
	return function (source, level, message, ...)
		pposix.syslog_log(level, redact.source(source), redact.line(known, format, message, ...))
	end
end)
loggingmanager.reload_logging()

local key
local function load_key()
	local text = files.secret(folder .. "/pseudonym.key")
	key = text and hex.decode(text)
	if not key then module:log("error", "gate/pseudonym.key can't be read: rooms in the security log have no pseudonym") end
end
load_key()
module:hook_global("config-reloaded", load_key)

-- The same room has the same pseudonym, of 130 bits. It is made of the room's digest, which the issue log
-- has, too: who holds the key and that log finds the meeting, with either alone nobody does.
local function pseudonym(room)
	if not key then return nil end
	local digest = hashes.hmac_sha256(key, "polder pseudonym 1\0" .. hashes.sha256(room, true))
	return name.base32(digest:sub(1, 20)):sub(1, 26)
end

-- A session's own is made once for each key. Another's room is never kept: what was asked before would
-- be answered faster.
local function own_pseudonym(pinned)
	if pinned.pseudonym_key ~= key then
		pinned.pseudonym, pinned.pseudonym_key = pseudonym(pinned.room), key
	end
	return pinned.pseudonym
end

-- Words of this program's own, each put into JSON once.
local words = setmetatable({}, { __index = function (all, word)
	local text = json.encode(word)
	all[word] = text
	return text
end })

-- Fields of which it doesn't choose what they say.
local free = { "kind", "occupants", "nicks", "more" }

local function add(line, field, text)
	if text then line[#line + 1] = (',"%s":%s'):format(field, text) end
end

-- As syslog(3) sends it (RFC 3164, without the host). Prosody's util.pposix has one name for all of a
-- program's lines, and opens its socket anew when that is changed.
local auth, warning, info = 4 << 3, 4, 6
local socket
local function connect()
	if socket then socket:close() end
	socket = unix.dgram()
	return socket:connect("/dev/log")
end

-- The second that it is, as syslog writes it and as the line does; made once for each.
local now, here, utc
local function tell_time()
	local second = os.time()
	if second ~= now then now, here, utc = second, os.date("%b %e %H:%M:%S", second), os.date("!%Y-%m-%dT%H:%M:%SZ", second) end
	return here, utc
end

local function send(severity, at, text)
	local line = ("<%d>%s polder-gate: %s"):format(auth | severity, at, text)
	if socket and socket:send(line) or connect() and socket:send(line) then return end
	module:log("error", "a decision can't be written to the security log")
end

-- One decision. event: action, result, and where known why, to, key, room, actor, address, kind, occupants, nicks, more.
-- pinned: what the token of the session said, if one is concerned; its room counts unless the event has another.
function security(event, pinned)
	local local_time, utc_time = tell_time()
	local line = { '{"at":"' .. utc_time .. '"' }
	add(line, "action", words[event.action])
	add(line, "result", words[event.result])
	add(line, "why", event.why and words[event.why])
	add(line, "to", event.to and words[event.to])
	add(line, "key", event.key and words[event.key])
	for _, field in ipairs(free) do add(line, field, event[field] and json.encode(event[field])) end
	if pinned then
		pinned.told = pinned.told or (',"actor":%s,"address":%s,"role":%s'):format(
			json.encode(pinned.actor), json.encode(pinned.address), words[pinned.role])
		line[#line + 1] = pinned.told
	else
		add(line, "actor", event.actor and json.encode(event.actor))
		add(line, "address", event.address and json.encode(event.address))
	end
	local is_own = pinned and (event.room == nil or event.room == pinned.room)
	local room = is_own and own_pseudonym(pinned) or event.room and pseudonym(event.room)
	add(line, "room", room and json.encode(room))
	line[#line + 1] = "}"
	send(event.result == "refused" and warning or info, local_time, table.concat(line))
end

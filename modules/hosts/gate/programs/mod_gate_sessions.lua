-- What becomes of a session whose other end is gone, or doesn't read. Prosody looks after who was silent for its
-- `read_timeout`: mod_websocket sends a frame that a browser answers by itself, and for ever another. Here the second
-- one isn't sent. What the server sends is no sign of life: nginx takes it, whoever is behind.

local dbuffer = require "prosody.util.dbuffer"
local filters = require "prosody.util.filters"
local now = require "prosody.util.time".monotonic
local gate = module:depends("gate")

local limits = module:get_option("gate_limits")

module:hook_global("websocket-session", function (event)
	local session, pinned = event.session, event.session.gate
	if not pinned then return end
	-- Prosody's own bound (network_settings) has room for Jicofo, which hears all meetings. Full, it ends the connection.
	session.conn.writebuffer = dbuffer.new(limits.unread)
	pinned.heard = now()
	filters.add_filter(session, "bytes/in", function (data)
		pinned.heard, pinned.asked = now(), nil
		return data
	end, 1)
end, -1)

module:hook("c2s-read-timeout", function (event)
	local session, pinned = event.session, event.session.gate
	if not pinned then return end
	if not pinned.asked then
		pinned.asked = now()
		return
	end
	-- It may have been asked a moment ago, for somebody who waits for its place.
	if now() - pinned.asked >= limits.answer then gate.end_silent(session) end
	return true
end, 1000)

-- In net.server_epoll's words.
local unread = { ["no space left in buffer"] = true, ["write timeout"] = true }
module:hook("resource-unbind", function (event)
	if unread[event.error] then gate.security({ action = "session", result = "ended", why = "doesn't read" }, event.session) end
end)

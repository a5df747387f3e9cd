-- Decides about one stanza by the table of stanzas.yaml. Nothing here looks at a room:
-- whether one lives must not change what is decided, nor how long that takes.

local jid_split = require "prosody.util.jid".split

local none = {}
-- "presence" without a type is "available"; a message without one is "normal" (RFC 6121).
local default_type = { presence = "available", message = "normal" }

-- Rows by sender, host, and the stanza's name and type: sorted once, asked often.
local function index(rows)
	local sorted = {}
	local function place(...)
		local at = sorted
		for _, key in ipairs { ... } do
			at[key] = at[key] or {}
			at = at[key]
		end
		return at
	end
	for _, row in ipairs(rows) do
		for _, from in ipairs(row.from) do
			for _, kind in ipairs(row.stanza) do
				table.insert(place(from, row.to, kind:match("^(%S+) (%S+)$")), row)
			end
		end
	end
	return sorted
end

-- The element that decides, or true where any does.
local function payload_of(row, stanza)
	if not row.payload then return true end
	-- An iq has one child (RFC 6120, 8.2.3); a message may have more beside the one that decides.
	for _, child in ipairs(stanza.tags) do
		local name = (child.attr.xmlns or "jabber:client") .. " " .. child.name
		for _, wanted in ipairs(row.payload) do
			if name == wanted then return child end
		end
		if stanza.name == "iq" then return nil end
	end
	return nil
end

local function includes(list, item)
	for _, one in ipairs(list) do
		if one == item then return true end
	end
	return false
end

-- rows: the table. hosts: host name -> what it is in the table. own_host: where a stanza without
-- address goes. brewery: the node of the bridges' room.
return function (rows, hosts, own_host, brewery)
	local sorted = index(rows)

	local function room_fits(row, payload, node, room)
		if not row.room then return node == nil end
		if row.form[1] == "host" then
			local asked_node, asked_host, resource = jid_split(payload.attr.room)
			return asked_node == room and hosts[asked_host or ""] == "conference" and not resource
		end
		if row.room == "own" then return node == room end
		if row.room == "brewery" then return node == brewery end
		return node ~= nil
	end

	-- The row that lets a stanza pass, or nil. from: who sends. room: the token's, if there is one. account: its name.
	return function (stanza, from, room, account)
		local node, host, resource = jid_split(stanza.attr.to or own_host)
		local to = hosts[host or ""]
		if not to then return nil end
		local form = not node and (resource and "none" or "host") or resource and "full" or "bare"
		-- Answers to a component go to host/id: an address without a node.
		if not node and resource and to == "focus" then form = "full" end
		local kinds = ((sorted[from] or none)[to] or none)[stanza.name] or none
		for _, row in ipairs(kinds[stanza.attr.type or default_type[stanza.name] or ""] or none) do
			local payload = includes(row.form, form) and payload_of(row, stanza)
			if payload and room_fits(row, payload, node, room)
				and (not row.nick or resource == (row.nick == "account" and account or row.nick)) then
				return row
			end
		end
		return nil
	end
end

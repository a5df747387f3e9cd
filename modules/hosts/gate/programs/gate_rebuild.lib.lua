-- Builds what a stanza holds anew, from the table of contents.yaml: elements by namespace and name, known
-- attributes, known children, text of known form. What isn't in the table isn't looked at, so nothing hides in it.

local json = require "prosody.util.json"
local st = require "prosody.util.stanza"

local none = {}
-- Keys of an object whose keys have a form only.
local most_keys = 32

local function checker(text)
	if text.oneOf then
		local values = {}
		for _, value in ipairs(text.oneOf) do values[value] = true end
		return function (value) return values[value] == true end
	end
	local form, most, is_own = text.form, text.most, text.own
	return function (value, own)
		if #value > most then return false end
		local found = value:match(form)
		return found ~= nil and (not is_own or found == own)
	end
end

-- A function that gives of a decoded value what its shape has of it; nil when it isn't of that shape.
local function reader(shape, fits)
	if shape == "boolean" then
		return function (value)
			if type(value) == "boolean" then return value end
		end
	elseif shape == "number" then
		return function (value) return type(value) == "number" and math.tointeger(value) or nil end
	elseif type(shape) == "string" and shape:sub(1, 1) == "=" then
		local word = shape:sub(2)
		return function (value) return value == word and word or nil end
	elseif type(shape) == "string" then
		local is_fit = fits[shape]
		return function (value, own) return type(value) == "string" and is_fit(value, own) and value or nil end
	end
	local read, needed, is_key, read_any = {}, {}, nil, nil
	for key, one in pairs(shape) do
		if key:sub(1, 1) == "*" then
			is_key, read_any = fits[key:sub(2)], reader(one, fits)
		else
			read[key] = reader(one, fits)
			needed[key] = type(one) == "string" and one:sub(1, 1) == "="
		end
	end
	return function (value, own)
		if type(value) ~= "table" then return nil end
		local clean = {}
		for key, read_one in pairs(read) do
			clean[key] = read_one(value[key], own)
			if clean[key] == nil and needed[key] then return nil end
		end
		local count = 0
		for key, one in pairs(is_key and value or none) do
			if count < most_keys and type(key) == "string" and is_key(key, own) then
				clean[key] = read_any(one, own)
				count = count + 1
			end
		end
		return clean
	end
end

-- Text that is JSON, written anew. Clients unescape %-signs before they read it: none is left.
local function rewriter(kind, fits)
	local most, read = kind.most, reader(kind.keys, fits)
	return function (text, own)
		if #text > most then return nil end
		local ok, value = pcall(json.decode, text)
		local clean = ok and read(value, own)
		return clean and (json.encode(clean):gsub("%%", "\\u0025"))
	end
end

-- What a tag says itself, without what stands in others inside.
local function text_of(tag)
	if #tag.tags == 0 then return tag:get_text() end
	local parts = {}
	for _, part in ipairs(tag) do
		if type(part) == "string" then parts[#parts + 1] = part end
	end
	return table.concat(parts)
end

-- contents: the table. has_words: whether what people read is in it.
return function (contents, has_words)
	local fits, rewrite, specs = {}, {}, {}
	for id, text in pairs(contents.texts) do fits[id] = checker(text) end
	for id, kind in pairs(contents.json) do
		if has_words or not kind.words then rewrite[id] = rewriter(kind, fits) end
	end

	local index

	local function spec_of(id)
		if specs[id] then return specs[id] end
		local element = contents.elements[id]
		local spec = { most = element.most or 1, attributes = {}, text = element.text and fits[element.text] }
		specs[id] = spec
		for name, text in pairs(element.attributes or none) do spec.attributes[name] = fits[text] end
		for _, kind in ipairs(element.json or none) do
			spec.rewrites = spec.rewrites or {}
			table.insert(spec.rewrites, rewrite[kind])
		end
		if element.children then spec.children, spec.filled = index(element.children), element.filled end
		return spec
	end

	-- namespace -> name -> what may be kept of it
	function index(ids)
		local found = {}
		for _, id in ipairs(ids) do
			local element = contents.elements[id]
			for _, full in ipairs((has_words or not element.words) and element.names or none) do
				local namespace, name = full:match("^(%S+) (%S+)$")
				found[namespace] = found[namespace] or {}
				found[namespace][name] = spec_of(id)
			end
		end
		return found
	end

	local add_children

	local function rebuilt(tag, spec, own)
		local attr = { xmlns = tag.attr.xmlns }
		for name, is_fit in pairs(spec.attributes) do
			local value = tag.attr[name]
			if value and is_fit(value, own) then attr[name] = value end
		end
		-- By hand: what the parser read needs no second look at each character, which costs as much as all else here.
		local new = setmetatable({ name = tag.name, attr = attr, tags = {} }, st.stanza_mt)
		if spec.text then
			local text = text_of(tag)
			return spec.text(text, own) and new:text(text) or nil
		elseif spec.rewrites then
			local text = text_of(tag)
			for _, write in ipairs(spec.rewrites) do
				local written = write(text, own)
				if written then return new:text(written) end
			end
			return nil
		elseif spec.children then
			add_children(new, tag.tags, spec.children, own)
			if spec.filled and #new.tags == 0 then return nil end
		end
		return new
	end

	function add_children(to, tags, kinds, own)
		local counts = {}
		for _, tag in ipairs(tags) do
			local spec = (kinds[tag.attr.xmlns or "jabber:client"] or none)[tag.name]
			local count = counts[tag.name] or 0
			if spec and count < spec.most then
				local new = rebuilt(tag, spec, own)
				if new then
					counts[tag.name] = count + 1
					to[#to + 1] = new
					to.tags[#to.tags + 1] = new
				end
			end
		end
	end

	local kinds_of = {}
	for name, ids in pairs(contents.contents) do kinds_of[name] = index(ids) end

	-- content: by its name. own: the sender's nick, where there is one.
	return function (stanza, content, own)
		local tags = stanza.tags
		for i = #stanza, 1, -1 do stanza[i] = nil end
		stanza.tags = {}
		add_children(stanza, tags, kinds_of[content], own)
	end
end

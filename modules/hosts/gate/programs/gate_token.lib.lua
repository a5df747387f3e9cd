-- A token says who may be in which room, and until when. Everything in it is checked here: nothing of
-- it may be missing, doubled, of another form, or new. Prosody's util.jwt gives the signature's
-- verification; it looks at no nbf, aud, iss or kid, and at exp only where there is one.

local crypto = require "prosody.util.crypto"
local base64 = require "prosody.util.encodings".base64
local sha256 = require "prosody.util.hashes".sha256
local read_json = module:require "gate_json"

local longest = 4096
-- Clocks of two hosts; the instance's own keep time to a second.
local leeway = 5

-- base64url without padding (RFC 7515). One signature, one way to write it: of what can be read, the text that
-- reads so is the only one. By whole texts, not by character: a pattern over a token costs as much as the signature.
local standard, foreign = { ["-"] = "+", ["_"] = "/" }, { "+", "/", "=" }
local function decode(part)
	for _, char in ipairs(foreign) do
		if part:find(char, 1, true) then return nil end
	end
	local padded = part:gsub("[-_]", standard) .. ("="):rep(-#part % 4)
	local bytes = base64.decode(padded)
	return bytes and base64.encode(bytes) == padded and bytes or nil
end

-- A token's three parts and what is signed, or nothing.
local function split(token)
	local first = token:find(".", 1, true)
	local second = first and token:find(".", first + 1, true)
	if not second or token:find(".", second + 1, true) then return nil end
	return token:sub(1, first - 1), token:sub(first + 1, second - 1), token:sub(second + 1), token:sub(1, second - 1)
end

local function is_text(pattern, limit)
	return function (value)
		return type(value) == "string" and #value <= limit and value:find(pattern) ~= nil
	end
end
local function is(expected)
	return function (value) return value == expected end
end
local function is_time(value) return math.type(value) == "integer" end

local is_id = is_text("^[a-z0-9]+$", 26)
local function is_pseudonym(value) return is_id(value) and #value == 26 end

-- A function that says whether an object has each of some fields, and no other but some that may be missing.
local function has_exactly(required, optional)
	return function (object)
		if type(object) ~= "table" then return false end
		for field, value in pairs(object) do
			local fits = required[field] or optional and optional[field]
			if not (fits and fits(value)) then return false end
		end
		for field in pairs(required) do
			if object[field] == nil then return false end
		end
		return true
	end
end

local function are_all_off(features)
	if type(features) ~= "table" then return false end
	for _, value in pairs(features) do
		if value ~= false then return false end
	end
	return true
end

-- "none", HS256 with the public key as its secret, a kid that is a path, a key that comes with the token.
local is_header = has_exactly { alg = is("RS256"), typ = is("JWT"), kid = is_text("^[0-9a-f]+$", 16) }

local function is_name(value) return type(value) == "string" and #value > 0 and utf8.len(value) <= 64 end
local function is_context(affiliation, optional)
	return has_exactly { user = has_exactly({ id = is_pseudonym, affiliation = is(affiliation) }, optional), features = are_all_off }
end
local context_of = { moderator = is_context("owner", { name = is_name }), guest = is_context("member") }

local function are_claims_of(domain)
	local are_claims = has_exactly {
		iss = is("issuer." .. domain), aud = is("meet." .. domain), sub = is(domain),
		-- No wildcard, no [tenant]room, no upper case: the alphabet of room names has none of them.
		room = is_text("^[0-9a-z]+$", 47),
		role = function (role) return context_of[role] ~= nil end,
		nbf = is_time, iat = is_time, exp = is_time,
		jti = is_pseudonym,
		context = function () return true end,
	}
	return function (claims) return are_claims(claims) and context_of[claims.role](claims.context) end
end

-- What a session may rest on, or nil, why in one word for the log, and whose it is where that is sure.
-- are_claims: those of this instance, from are_claims_of. longest_life: of a token here, in seconds.
-- keys: kid -> a verifying function of (signed text, signature).
local function verify(token, are_claims, longest_life, keys, now)
	if type(token) ~= "string" or #token > longest then return nil, "size" end
	local first, second, third, signed = split(token)
	local head, signature = first and decode(first), third and decode(third)
	local header = head and read_json(head)
	if not (header and signature) then return nil, "form" end
	if not is_header(header) then return nil, "header" end
	local fits = keys[header.kid]
	if not fits then return nil, "key" end
	if not fits(signed, signature) then return nil, "signature" end
	local body = decode(second)
	if not body then return nil, "form" end
	local claims = read_json(body)
	if not are_claims(claims) then return nil, "claims" end
	-- Issued here: whose it is, is known from here on.
	local actor = claims.context.user.id
	if claims.exp <= claims.nbf or claims.exp - claims.nbf > longest_life then return nil, "life", actor end
	if claims.iat > now + leeway or claims.nbf > now + leeway then return nil, "early", actor end
	if claims.exp <= now then return nil, "expired", actor end
	return {
		room = claims.room, role = claims.role, id = claims.jti, expires = claims.exp,
		actor = actor, name = claims.context.user.name, key = header.kid,
	}
end

-- A public key's id and its verifying function, or nil: only RSA, 3072 bits or more, exponent 65537.
local function verifier(pem)
	local body = pem:match("^%-%-%-%-%-BEGIN PUBLIC KEY%-%-%-%-%-\r?\n([A-Za-z0-9+/=\r\n]+)%-%-%-%-%-END PUBLIC KEY%-%-%-%-%-%s*$")
	local der = body and base64.decode((body:gsub("%s", "")))
	-- SubjectPublicKeyInfo (RFC 5280) of 3072 bits is 422 bytes; it ends with the exponent.
	if not der or #der < 422 or der:sub(-5) ~= "\2\3\1\0\1" then return nil end
	local ok, key = pcall(crypto.import_public_pem, pem)
	if not ok or not key or key:get_type() ~= "rsaEncryption" then return nil end
	return sha256(der, true):sub(1, 16), function (signed, signature)
		return crypto.rsassa_pkcs1_sha256_verify(key, signed, signature) == true
	end
end

return { verify = verify, verifier = verifier, are_claims_of = are_claims_of }

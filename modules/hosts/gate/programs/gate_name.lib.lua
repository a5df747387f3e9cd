-- Room names prove that they were issued: random 26 | last day 3 | key 1 | MAC 16 | check 1, in base 32
-- without the letters that are mistaken for others (docs/invitations.md). The same form is made elsewhere by
-- other code; modules/hosts/gate/vectors.yaml holds both to it.

local hashes = require "prosody.util.hashes"

local alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
local value_of, char_of = {}, {}
for i = 1, 32 do
	value_of[alphabet:sub(i, i)] = i - 1
	char_of[i - 1] = alphabet:sub(i, i)
end

local day_zero = 1704067200 -- 2024-01-01T00:00:00Z
local day_length = 86400 -- UTC has no other days; POSIX time leaves leap seconds out.

-- Ten bits at a time.
local pair_of = {}
for i = 0, 1023 do pair_of[i] = char_of[i >> 5] .. char_of[i & 31] end

-- Five bits a character, most significant first. bytes: a multiple of five of them.
local function base32(bytes)
	local text = {}
	for i = 1, #bytes, 5 do
		local bits = (">I5"):unpack(bytes, i)
		text[#text + 1] = pair_of[bits >> 30] .. pair_of[bits >> 20 & 1023] .. pair_of[bits >> 10 & 1023] .. pair_of[bits & 1023]
	end
	return table.concat(text)
end

-- Luhn's check modulo 32: finds every mistyped character and nearly every swap of neighbours.
local function check_of(text)
	local factor, sum = 2, 0
	for i = #text, 1, -1 do
		local product = factor * value_of[text:sub(i, i)]
		sum = sum + product // 32 + product % 32
		factor = 3 - factor
	end
	return char_of[(32 - sum % 32) % 32]
end

local function is_well_formed(name)
	return #name == 47 and not name:find("[^" .. alphabet .. "]")
end

-- Whether a name was issued for this domain by a key that counts, and its last day isn't over.
-- keys: index -> 32 bytes. now: Unix seconds.
local function is_issued(name, domain, keys, now)
	if not is_well_formed(name) then return false end
	local key = keys[value_of[name:sub(30, 30)]]
	-- An unknown key costs the same: when it was used is nobody's business.
	local digest = hashes.hmac_sha256(key or ("\0"):rep(32), "polder room 1\0" .. domain .. "\0" .. name:sub(1, 30))
	local same = hashes.equals(base32(digest:sub(1, 10)), name:sub(31, 46))
	local day = (value_of[name:sub(27, 27)] * 32 + value_of[name:sub(28, 28)]) * 32 + value_of[name:sub(29, 29)]
	local ends = day_zero + (day + 1) * day_length
	return key ~= nil and same and now < ends and check_of(name:sub(1, 46)) == name:sub(47, 47)
end

return { base32 = base32, is_issued = is_issued, check_of = check_of }

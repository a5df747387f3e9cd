// Written by scripts/ship-gate.ts from lua/, stanzas.yaml and contents.yaml: change those, then `npx tsx scripts/ship-gate.ts`.
import type { Contents } from "./contents.ts";
import type { StanzaRow } from "./stanzas.ts";

export const STANZAS: readonly StanzaRow[] = [
  {
    "id": "server-features",
    "from": [
      "guest",
      "moderator"
    ],
    "stanza": [
      "iq get"
    ],
    "payload": [
      "http://jabber.org/protocol/disco#info query"
    ],
    "to": "domain",
    "form": [
      "host"
    ],
    "content": "server",
    "why": "a client asks what the server can do; the answer is the same for everybody"
  },
  {
    "id": "server-ping",
    "from": [
      "guest",
      "moderator"
    ],
    "stanza": [
      "iq get"
    ],
    "payload": [
      "urn:xmpp:ping ping"
    ],
    "to": "domain",
    "form": [
      "host"
    ],
    "content": "server",
    "why": "a client finds out that its connection is gone"
  },
  {
    "id": "session",
    "from": [
      "guest",
      "moderator"
    ],
    "stanza": [
      "iq set"
    ],
    "payload": [
      "urn:ietf:params:xml:ns:xmpp-session session"
    ],
    "to": "domain",
    "form": [
      "host"
    ],
    "content": "server",
    "why": "old clients ask for it after binding (RFC 3921); it does nothing"
  },
  {
    "id": "relay-logins",
    "from": [
      "guest",
      "moderator"
    ],
    "stanza": [
      "iq get"
    ],
    "payload": [
      "urn:xmpp:extdisco:2 services",
      "urn:xmpp:extdisco:2 credentials"
    ],
    "to": "domain",
    "form": [
      "host"
    ],
    "occupant": true,
    "content": "server",
    "why": "logins for TURN, to who is in the meeting"
  },
  {
    "id": "conference-request",
    "from": [
      "guest",
      "moderator"
    ],
    "stanza": [
      "iq set"
    ],
    "payload": [
      "http://jitsi.org/protocol/focus conference"
    ],
    "to": "focus",
    "form": [
      "host"
    ],
    "room": "own",
    "content": "request",
    "why": "asks Jicofo to open the room of the token, which the request names"
  },
  {
    "id": "join",
    "from": [
      "guest",
      "moderator"
    ],
    "stanza": [
      "presence available",
      "presence unavailable"
    ],
    "to": "conference",
    "form": [
      "full"
    ],
    "room": "own",
    "content": "presence",
    "why": "joins, changes what is shown of oneself, leaves; members-only decides who gets in"
  },
  {
    "id": "leave",
    "from": [
      "guest",
      "moderator"
    ],
    "stanza": [
      "presence unavailable"
    ],
    "to": "conference",
    "form": [
      "bare"
    ],
    "room": "own",
    "content": "nothing",
    "why": "some clients leave so"
  },
  {
    "id": "say-to-all",
    "from": [
      "guest",
      "moderator"
    ],
    "stanza": [
      "message groupchat"
    ],
    "to": "conference",
    "form": [
      "bare"
    ],
    "room": "own",
    "occupant": true,
    "content": "words-to-all",
    "why": "chat; where that is off, nothing of a person's passes here"
  },
  {
    "id": "say-to-one",
    "from": [
      "guest",
      "moderator"
    ],
    "stanza": [
      "message chat"
    ],
    "to": "conference",
    "form": [
      "full"
    ],
    "room": "own",
    "occupant": true,
    "content": "words-to-one",
    "why": "chat between two occupants; keys of end-to-end encryption"
  },
  {
    "id": "room-features",
    "from": [
      "guest",
      "moderator"
    ],
    "stanza": [
      "iq get"
    ],
    "payload": [
      "http://jabber.org/protocol/disco#info query"
    ],
    "to": "conference",
    "form": [
      "bare"
    ],
    "room": "own",
    "occupant": true,
    "content": "questions",
    "why": "a client asks what the room is; who isn't in it learns nothing of it"
  },
  {
    "id": "media",
    "from": [
      "guest",
      "moderator"
    ],
    "stanza": [
      "iq set"
    ],
    "payload": [
      "urn:xmpp:jingle:1 jingle",
      "http://jitsi.org/jitmeet/audio mute",
      "http://jitsi.org/jitmeet/video mute"
    ],
    "to": "conference",
    "form": [
      "full"
    ],
    "room": "own",
    "occupant": true,
    "nick": "focus",
    "content": "media",
    "why": "media is agreed with Jicofo, and muting judged by it; between two people, each would learn the other's address"
  },
  {
    "id": "occupant-asks",
    "from": [
      "guest",
      "moderator"
    ],
    "stanza": [
      "iq get"
    ],
    "payload": [
      "urn:xmpp:ping ping",
      "http://jabber.org/protocol/disco#info query"
    ],
    "to": "conference",
    "form": [
      "full"
    ],
    "room": "own",
    "occupant": true,
    "content": "questions",
    "why": "a client asks itself or another whether it is still there, and what it can do"
  },
  {
    "id": "occupant-answers",
    "from": [
      "guest",
      "moderator"
    ],
    "stanza": [
      "iq result",
      "iq error"
    ],
    "to": "conference",
    "form": [
      "full"
    ],
    "room": "own",
    "occupant": true,
    "content": "answers",
    "why": "answers to Jicofo and to each other"
  },
  {
    "id": "moderate",
    "from": [
      "moderator"
    ],
    "stanza": [
      "iq set"
    ],
    "payload": [
      "http://jabber.org/protocol/muc#admin query"
    ],
    "to": "conference",
    "form": [
      "bare"
    ],
    "room": "own",
    "occupant": true,
    "content": "administration",
    "why": "lets in, puts out; ownership and the focus stay out of reach"
  },
  {
    "id": "let-in",
    "from": [
      "moderator"
    ],
    "stanza": [
      "message normal"
    ],
    "payload": [
      "http://jabber.org/protocol/muc#user x"
    ],
    "to": "conference",
    "form": [
      "bare"
    ],
    "room": "own",
    "occupant": true,
    "content": "letting-in",
    "why": "how Jitsi's lobby lets somebody in"
  },
  {
    "id": "wait-in-lobby",
    "from": [
      "guest",
      "moderator"
    ],
    "stanza": [
      "presence available",
      "presence unavailable"
    ],
    "to": "lobby",
    "form": [
      "full"
    ],
    "room": "own",
    "content": "presence",
    "why": "Jitsi's lobby is a room of the same name; only its module makes it"
  },
  {
    "id": "talk-in-lobby",
    "from": [
      "guest",
      "moderator"
    ],
    "stanza": [
      "message groupchat"
    ],
    "to": "lobby",
    "form": [
      "bare"
    ],
    "room": "own",
    "occupant": true,
    "content": "lobby-chat",
    "why": "a message to who waits"
  },
  {
    "id": "talk-to-one-in-lobby",
    "from": [
      "guest",
      "moderator"
    ],
    "stanza": [
      "message chat"
    ],
    "to": "lobby",
    "form": [
      "full"
    ],
    "room": "own",
    "occupant": true,
    "content": "lobby-chat",
    "why": "a moderator and somebody who waits write to each other; Jitsi's lobby shows it to nobody else"
  },
  {
    "id": "refuse-in-lobby",
    "from": [
      "moderator"
    ],
    "stanza": [
      "iq set"
    ],
    "payload": [
      "http://jabber.org/protocol/muc#admin query"
    ],
    "to": "lobby",
    "form": [
      "bare"
    ],
    "room": "own",
    "occupant": true,
    "content": "administration",
    "why": "a moderator refuses who waits"
  },
  {
    "id": "open-breakouts",
    "from": [
      "moderator"
    ],
    "stanza": [
      "message normal"
    ],
    "payload": [
      "jabber:client breakout_rooms"
    ],
    "to": "breakout",
    "form": [
      "host"
    ],
    "content": "breakouts",
    "why": "how a moderator opens, names and closes breakouts; Jitsi's module looks whether the sender is one, in the token's room"
  },
  {
    "id": "breakout-join",
    "from": [
      "guest",
      "moderator"
    ],
    "stanza": [
      "presence available",
      "presence unavailable"
    ],
    "to": "breakout",
    "form": [
      "full"
    ],
    "room": "breakout",
    "content": "presence",
    "why": "a room beside the own one"
  },
  {
    "id": "breakout-say-to-all",
    "from": [
      "guest",
      "moderator"
    ],
    "stanza": [
      "message groupchat"
    ],
    "to": "breakout",
    "form": [
      "bare"
    ],
    "room": "breakout",
    "occupant": true,
    "content": "words-to-all",
    "why": "chat in it"
  },
  {
    "id": "breakout-say-to-one",
    "from": [
      "guest",
      "moderator"
    ],
    "stanza": [
      "message chat"
    ],
    "to": "breakout",
    "form": [
      "full"
    ],
    "room": "breakout",
    "occupant": true,
    "content": "words-to-one",
    "why": "chat between two in it"
  },
  {
    "id": "breakout-media",
    "from": [
      "guest",
      "moderator"
    ],
    "stanza": [
      "iq set"
    ],
    "payload": [
      "urn:xmpp:jingle:1 jingle",
      "http://jitsi.org/jitmeet/audio mute",
      "http://jitsi.org/jitmeet/video mute"
    ],
    "to": "breakout",
    "form": [
      "full"
    ],
    "room": "breakout",
    "occupant": true,
    "nick": "focus",
    "content": "media",
    "why": "media in it"
  },
  {
    "id": "breakout-answers",
    "from": [
      "guest",
      "moderator"
    ],
    "stanza": [
      "iq result",
      "iq error"
    ],
    "to": "breakout",
    "form": [
      "full"
    ],
    "room": "breakout",
    "occupant": true,
    "content": "answers",
    "why": "answers in it"
  },
  {
    "id": "focus-in-rooms",
    "from": [
      "focus"
    ],
    "stanza": [
      "presence available",
      "presence unavailable",
      "iq get",
      "iq set",
      "iq result",
      "iq error",
      "message groupchat",
      "message chat",
      "message normal"
    ],
    "to": "conference",
    "form": [
      "bare",
      "full"
    ],
    "room": "issued",
    "why": "Jicofo opens rooms, invites, mutes; it makes only rooms whose name was issued"
  },
  {
    "id": "focus-in-breakouts",
    "from": [
      "focus"
    ],
    "stanza": [
      "presence available",
      "presence unavailable",
      "iq get",
      "iq set",
      "iq result",
      "iq error",
      "message groupchat",
      "message chat",
      "message normal"
    ],
    "to": "breakout",
    "form": [
      "bare",
      "full"
    ],
    "room": "issued",
    "why": "the same for breakouts; it makes only those that a live room's moderators opened"
  },
  {
    "id": "focus-answers-requests",
    "from": [
      "focus"
    ],
    "stanza": [
      "iq result",
      "iq error"
    ],
    "to": "focus",
    "form": [
      "full"
    ],
    "why": "the answer to a conference request"
  },
  {
    "id": "focus-and-bridges",
    "from": [
      "focus"
    ],
    "stanza": [
      "presence available",
      "presence unavailable",
      "iq get",
      "iq set",
      "iq result",
      "iq error"
    ],
    "to": "internal",
    "form": [
      "bare",
      "full"
    ],
    "room": "brewery",
    "why": "Jicofo hears how bridges are, and gives them conferences"
  },
  {
    "id": "bridge-in-brewery",
    "from": [
      "bridge"
    ],
    "stanza": [
      "presence available",
      "presence unavailable"
    ],
    "to": "internal",
    "form": [
      "full"
    ],
    "room": "brewery",
    "nick": "account",
    "why": "a bridge says how it is, in nobody's place but its own"
  },
  {
    "id": "bridge-answers",
    "from": [
      "bridge"
    ],
    "stanza": [
      "iq get",
      "iq result",
      "iq error"
    ],
    "to": "internal",
    "form": [
      "bare",
      "full"
    ],
    "room": "brewery",
    "why": "a bridge answers Jicofo"
  },
  {
    "id": "features-inside",
    "from": [
      "focus",
      "bridge"
    ],
    "stanza": [
      "iq get"
    ],
    "payload": [
      "http://jabber.org/protocol/disco#info query",
      "http://jabber.org/protocol/disco#items query",
      "urn:xmpp:ping ping"
    ],
    "to": "auth",
    "form": [
      "host"
    ],
    "why": "Jicofo and bridges look for what the server can do, and whether it is there"
  },
  {
    "id": "features-of-domain",
    "from": [
      "focus"
    ],
    "stanza": [
      "iq get"
    ],
    "payload": [
      "http://jabber.org/protocol/disco#info query"
    ],
    "to": "domain",
    "form": [
      "host"
    ],
    "why": "Jicofo looks for the components of the domain"
  },
  {
    "id": "features-of-conference",
    "from": [
      "focus"
    ],
    "stanza": [
      "iq get"
    ],
    "payload": [
      "http://jabber.org/protocol/disco#info query"
    ],
    "to": "conference",
    "form": [
      "host"
    ],
    "why": "Jicofo asks whether rooms can be made"
  },
  {
    "id": "features-of-breakout",
    "from": [
      "focus"
    ],
    "stanza": [
      "iq get"
    ],
    "payload": [
      "http://jabber.org/protocol/disco#info query"
    ],
    "to": "breakout",
    "form": [
      "host"
    ],
    "why": "Jicofo's library (Smack) joins no room before its host has said that it has rooms"
  },
  {
    "id": "features-of-internal",
    "from": [
      "focus",
      "bridge"
    ],
    "stanza": [
      "iq get"
    ],
    "payload": [
      "http://jabber.org/protocol/disco#info query"
    ],
    "to": "internal",
    "form": [
      "host"
    ],
    "why": "the same library, before the brewery"
  }
];

export const CONTENTS: Contents = {
  "texts": {
    "flag": {
      "oneOf": [
        "true",
        "false",
        ""
      ]
    },
    "number": {
      "form": "^%d+$",
      "most": 16
    },
    "word": {
      "form": "^[%w_.:/#-]+$",
      "most": 128
    },
    "word-or-none": {
      "form": "^[%w_.:/#-]*$",
      "most": 128
    },
    "token": {
      "form": "^[%w%p]+$",
      "most": 1024
    },
    "base64": {
      "form": "^[%w+/=]+$",
      "most": 8192
    },
    "line": {
      "form": "^[%w%p ]*$",
      "most": 256
    },
    "own-source": {
      "form": "^([%w_-]+)%-%l%d+$",
      "most": 64,
      "own": true
    },
    "feature-of-person": {
      "oneOf": [
        "https://jitsi.org/meet/e2ee",
        "http://jitsi.org/meet/remotecontrol"
      ]
    },
    "property-of-request": {
      "oneOf": [
        "startAudioMuted",
        "startVideoMuted",
        "rtcstatsEnabled",
        "visitors-version"
      ]
    },
    "words": {
      "form": "^.+$",
      "most": 4096
    },
    "subject": {
      "form": "^.*$",
      "most": 512
    },
    "emoji": {
      "form": "^[^%c ]+$",
      "most": 64
    },
    "breakout-name": {
      "form": "^%C+$",
      "most": 256
    }
  },
  "json": {
    "sources": {
      "most": 8192,
      "keys": {
        "*own-source": {
          "muted": "boolean",
          "videoType": "word"
        }
      },
      "why": "which sources are muted, which is a screen (modules/xmpp/SignalingLayerImpl.ts)"
    },
    "encryption": {
      "most": 16384,
      "keys": {
        "type": "=olm",
        "olm": {
          "type": "word",
          "data": {
            "uuid": "word",
            "idKey": "base64",
            "otKey": "base64",
            "ciphertext": {
              "type": "number",
              "body": "base64"
            },
            "transactionId": "word",
            "commitment": "base64",
            "key": "base64",
            "keys": "base64",
            "mac": {
              "*word": "base64"
            }
          }
        }
      },
      "why": "keys of end-to-end encryption, for one other and unreadable to all else (modules/e2ee/OlmAdapter.js); of its errors the text isn't kept"
    },
    "lobby-message": {
      "most": 16384,
      "words": true,
      "keys": {
        "type": "=LOBBY_CHAT_MESSAGE",
        "message": "words"
      },
      "why": "words between a moderator and who waits (react/features/chat)"
    },
    "lobby-chat-begins": {
      "most": 16384,
      "words": true,
      "keys": {
        "type": "=LOBBY_CHAT_INITIALIZED",
        "moderator": {
          "id": "word",
          "name": "=Moderator"
        },
        "attendee": {
          "id": "word"
        }
      },
      "why": "who of the moderators talks with whom (react/features/lobby); its program sends all that it knows of both, and no name but this is true"
    },
    "lobby-chat-ends": {
      "most": 16384,
      "words": true,
      "keys": {
        "type": "=MODERATOR_IN_CHAT_WITH_LEFT",
        "moderatorId": "word"
      },
      "why": "that moderator isn't there any more"
    }
  },
  "elements": {
    "joining": {
      "names": [
        "http://jabber.org/protocol/muc x"
      ],
      "from": "modules/xmpp/ChatRoom.ts",
      "why": "says that one comes in; without history and secret"
    },
    "caps": {
      "names": [
        "http://jabber.org/protocol/caps c"
      ],
      "attributes": {
        "hash": "word",
        "node": "word",
        "ver": "base64"
      },
      "from": "modules/xmpp/Caps.ts",
      "why": "a hash of what a client can do, by which Jicofo asks it once (XEP-0115)"
    },
    "features": {
      "names": [
        "jabber:client features"
      ],
      "children": [
        "feature"
      ],
      "from": "modules/xmpp/Caps.ts",
      "why": "what a client can do that others must know"
    },
    "feature": {
      "names": [
        "jabber:client feature"
      ],
      "attributes": {
        "var": "feature-of-person"
      },
      "most": 8
    },
    "sources": {
      "names": [
        "jabber:client SourceInfo"
      ],
      "json": [
        "sources"
      ],
      "from": "modules/xmpp/SignalingLayerImpl.ts",
      "why": "how media is sent"
    },
    "muted": {
      "names": [
        "jabber:client audiomuted",
        "jabber:client videomuted"
      ],
      "text": "flag",
      "from": "modules/xmpp/SignalingLayerImpl.ts",
      "why": "the same, of older clients"
    },
    "video-type": {
      "names": [
        "jabber:client videoType"
      ],
      "text": "word",
      "from": "modules/xmpp/SignalingLayerImpl.ts",
      "why": "the same, of older clients"
    },
    "silent": {
      "names": [
        "http://jitsi.org/protocol/silent silent"
      ],
      "text": "flag",
      "from": "JitsiConference.ts",
      "why": "somebody hears nothing"
    },
    "start-muted": {
      "names": [
        "http://jitsi.org/jitmeet/start-muted startmuted"
      ],
      "attributes": {
        "audio": "flag",
        "video": "flag"
      },
      "from": "JitsiConference.ts",
      "why": "how a moderator wants who comes; clients look whether it is one"
    },
    "follow-me": {
      "names": [
        "jabber:client follow-me"
      ],
      "attributes": {
        "off": "flag",
        "filmstripVisible": "flag",
        "maxStageParticipants": "number",
        "nextOnStage": "word",
        "pinnedStageParticipants": "token",
        "sharedDocumentVisible": "flag",
        "tileViewEnabled": "flag"
      },
      "from": "react/features/follow-me/subscriber.ts",
      "why": "what a moderator looks at; clients look whether it is one"
    },
    "property-number": {
      "names": [
        "jabber:client jitsi_participant_raisedHand"
      ],
      "text": "word-or-none",
      "from": "react/features/base/participants/middleware.ts",
      "why": "a raised hand, and since when"
    },
    "property-flag": {
      "names": [
        "jabber:client jitsi_participant_e2ee.enabled",
        "jabber:client jitsi_participant_localRecording",
        "jabber:client jitsi_participant_features_screen-sharing"
      ],
      "text": "flag",
      "from": "modules/e2ee/KeyHandler.js, react/features/base/participants/middleware.ts",
      "why": "encrypts from end to end; records; may share a screen"
    },
    "property-word": {
      "names": [
        "jabber:client jitsi_participant_codecType",
        "jabber:client jitsi_participant_region",
        "jabber:client jitsi_participant_remoteControlSessionStatus"
      ],
      "text": "word-or-none",
      "from": "modules/xmpp/SignalingLayerImpl.ts, JitsiConference.ts, react/features/remote-control",
      "why": "an older client's codec; where a bridge is best; remote control"
    },
    "property-codecs": {
      "names": [
        "jabber:client jitsi_participant_codecList"
      ],
      "text": "token",
      "from": "JitsiConference.ts",
      "why": "codecs of video, best first"
    },
    "property-key": {
      "names": [
        "jabber:client jitsi_participant_e2ee.idKey.curve25519",
        "jabber:client jitsi_participant_e2ee.idKey.ed25519"
      ],
      "text": "base64",
      "from": "modules/e2ee/OlmAdapter.js",
      "why": "public keys of end-to-end encryption"
    },
    "body": {
      "names": [
        "jabber:client body"
      ],
      "text": "words",
      "words": true,
      "from": "modules/xmpp/ChatRoom.ts",
      "why": "what people write"
    },
    "subject": {
      "names": [
        "jabber:client subject"
      ],
      "text": "subject",
      "words": true,
      "from": "modules/xmpp/ChatRoom.ts",
      "why": "the meeting's subject; Prosody takes it of moderators alone"
    },
    "reactions": {
      "names": [
        "urn:xmpp:reactions:0 reactions"
      ],
      "attributes": {
        "id": "word"
      },
      "children": [
        "reaction"
      ],
      "filled": true,
      "words": true,
      "from": "modules/xmpp/ChatRoom.ts",
      "why": "an emoji to a message (XEP-0444)"
    },
    "reaction": {
      "names": [
        "urn:xmpp:reactions:0 reaction"
      ],
      "text": "emoji",
      "most": 8
    },
    "reply": {
      "names": [
        "jabber:client reply",
        "urn:xmpp:reply:0 reply"
      ],
      "attributes": {
        "to": "word",
        "id": "word"
      },
      "words": true,
      "from": "modules/xmpp/ChatRoom.ts",
      "why": "which message is answered (XEP-0461)"
    },
    "encryption": {
      "names": [
        "http://jitsi.org/jitmeet json-message"
      ],
      "json": [
        "encryption"
      ],
      "from": "modules/e2ee/OlmAdapter.js",
      "why": "the one kind of data that clients send each other in a meeting by message; all else goes by the bridge or by components"
    },
    "lobby-chat": {
      "names": [
        "http://jitsi.org/jitmeet json-message"
      ],
      "json": [
        "lobby-message",
        "lobby-chat-begins",
        "lobby-chat-ends"
      ],
      "words": true,
      "from": "modules/xmpp/Lobby.js",
      "why": "talk with who waits"
    },
    "letting-in": {
      "names": [
        "http://jabber.org/protocol/muc#user x"
      ],
      "children": [
        "invite"
      ],
      "filled": true,
      "from": "modules/xmpp/Lobby.js",
      "why": "lets people in, several at once"
    },
    "invite": {
      "names": [
        "http://jabber.org/protocol/muc#user invite"
      ],
      "attributes": {
        "to": "token"
      },
      "most": 200
    },
    "breakouts": {
      "names": [
        "jabber:client breakout_rooms"
      ],
      "attributes": {
        "type": "word",
        "subject": "breakout-name",
        "breakoutRoomJid": "token",
        "participantJid": "token",
        "roomJid": "token"
      },
      "from": "modules/xmpp/BreakoutRooms.js",
      "why": "opens, names, closes breakouts, sends people to them; the name is a moderator's"
    },
    "ping": {
      "names": [
        "urn:xmpp:ping ping"
      ],
      "from": "modules/xmpp/strophe.ping.ts",
      "why": "whether somebody is there"
    },
    "session": {
      "names": [
        "urn:ietf:params:xml:ns:xmpp-session session"
      ],
      "from": "strophe.js",
      "why": "does nothing"
    },
    "query": {
      "names": [
        "http://jabber.org/protocol/disco#info query"
      ],
      "attributes": {
        "node": "token"
      },
      "from": "modules/xmpp/strophe.disco.js",
      "why": "asks what somebody can do"
    },
    "answer": {
      "names": [
        "http://jabber.org/protocol/disco#info query"
      ],
      "attributes": {
        "node": "token"
      },
      "children": [
        "identity",
        "feature-of-client"
      ],
      "from": "modules/xmpp/strophe.disco.js",
      "why": "Jicofo offers media by it"
    },
    "identity": {
      "names": [
        "http://jabber.org/protocol/disco#info identity"
      ],
      "attributes": {
        "category": "word",
        "type": "word"
      },
      "most": 4
    },
    "feature-of-client": {
      "names": [
        "http://jabber.org/protocol/disco#info feature"
      ],
      "attributes": {
        "var": "word"
      },
      "most": 128
    },
    "services": {
      "names": [
        "urn:xmpp:extdisco:2 services"
      ],
      "attributes": {
        "type": "word"
      },
      "from": "modules/xmpp/strophe.jingle.js",
      "why": "asks for logins for TURN"
    },
    "credentials": {
      "names": [
        "urn:xmpp:extdisco:2 credentials"
      ],
      "children": [
        "service"
      ],
      "from": "modules/xmpp/ChatRoom.ts",
      "why": "the same, of one relay"
    },
    "service": {
      "names": [
        "urn:xmpp:extdisco:2 service"
      ],
      "attributes": {
        "host": "word",
        "type": "word"
      }
    },
    "conference": {
      "names": [
        "http://jitsi.org/protocol/focus conference"
      ],
      "attributes": {
        "room": "token"
      },
      "children": [
        "property"
      ],
      "from": "modules/xmpp/moderator.js",
      "why": "the token and the id of the browser, which its program sends along, are nobody's business"
    },
    "property": {
      "names": [
        "http://jitsi.org/protocol/focus property"
      ],
      "attributes": {
        "name": "property-of-request",
        "value": "word"
      },
      "most": 8
    },
    "error": {
      "names": [
        "jabber:client error"
      ],
      "attributes": {
        "type": "word"
      },
      "children": [
        "condition",
        "jingle-condition"
      ],
      "from": "modules/xmpp/strophe.jingle.js",
      "why": "an answer that is no; without words"
    },
    "condition": {
      "names": [
        "urn:ietf:params:xml:ns:xmpp-stanzas bad-request",
        "urn:ietf:params:xml:ns:xmpp-stanzas feature-not-implemented",
        "urn:ietf:params:xml:ns:xmpp-stanzas item-not-found",
        "urn:ietf:params:xml:ns:xmpp-stanzas not-acceptable",
        "urn:ietf:params:xml:ns:xmpp-stanzas service-unavailable"
      ]
    },
    "jingle-condition": {
      "names": [
        "urn:xmpp:jingle:errors:1 unknown-session"
      ]
    },
    "administration": {
      "names": [
        "http://jabber.org/protocol/muc#admin query"
      ],
      "children": [
        "item"
      ],
      "from": "modules/xmpp/ChatRoom.ts",
      "why": "changes who somebody is in the room; the reason, which all would read, isn't kept"
    },
    "item": {
      "names": [
        "http://jabber.org/protocol/muc#admin item"
      ],
      "attributes": {
        "jid": "token",
        "nick": "word",
        "affiliation": "word",
        "role": "word"
      }
    },
    "mute": {
      "names": [
        "http://jitsi.org/jitmeet/audio mute",
        "http://jitsi.org/jitmeet/video mute"
      ],
      "attributes": {
        "jid": "token"
      },
      "text": "flag",
      "from": "modules/xmpp/ChatRoom.ts",
      "why": "asks Jicofo to mute somebody"
    },
    "jingle": {
      "names": [
        "urn:xmpp:jingle:1 jingle"
      ],
      "attributes": {
        "action": "word",
        "initiator": "token",
        "responder": "token",
        "sid": "word"
      },
      "children": [
        "group",
        "content",
        "jingle-reason",
        "bridge-session",
        "trace"
      ],
      "from": "modules/xmpp/JingleSessionPC.ts",
      "why": "a client's side of its media"
    },
    "group": {
      "names": [
        "urn:xmpp:jingle:apps:grouping:0 group"
      ],
      "attributes": {
        "semantics": "word"
      },
      "children": [
        "group-content"
      ],
      "most": 4,
      "from": "modules/sdp/SDP.ts",
      "why": "media in one transport (XEP-0338)"
    },
    "group-content": {
      "names": [
        "urn:xmpp:jingle:apps:grouping:0 content"
      ],
      "attributes": {
        "name": "word"
      },
      "most": 64
    },
    "content": {
      "names": [
        "urn:xmpp:jingle:1 content"
      ],
      "attributes": {
        "creator": "word",
        "name": "word",
        "senders": "word"
      },
      "children": [
        "description",
        "transport",
        "last-n",
        "frame-height"
      ],
      "most": 64,
      "from": "modules/sdp/SDP.ts",
      "why": "one kind of media"
    },
    "last-n": {
      "names": [
        "jitsi:colibri2 initial-last-n"
      ],
      "attributes": {
        "value": "number"
      }
    },
    "frame-height": {
      "names": [
        "http://jitsi.org/jitmeet/video source-frame-height"
      ],
      "attributes": {
        "maxHeight": "number",
        "sourceName": "word"
      },
      "most": 256
    },
    "description": {
      "names": [
        "urn:xmpp:jingle:apps:rtp:1 description"
      ],
      "attributes": {
        "media": "word"
      },
      "children": [
        "payload-type",
        "source",
        "ssrc-group",
        "rid-group",
        "rtcp-mux",
        "rtcp-feedback",
        "rtcp-interval",
        "header-extension",
        "mixed-headers"
      ]
    },
    "payload-type": {
      "names": [
        "urn:xmpp:jingle:apps:rtp:1 payload-type"
      ],
      "attributes": {
        "id": "number",
        "name": "word",
        "clockrate": "number",
        "channels": "number"
      },
      "children": [
        "payload-parameter",
        "rtcp-feedback",
        "rtcp-interval"
      ],
      "most": 128
    },
    "payload-parameter": {
      "names": [
        "urn:xmpp:jingle:apps:rtp:1 parameter"
      ],
      "attributes": {
        "name": "line",
        "value": "line"
      },
      "most": 32
    },
    "rtcp-mux": {
      "names": [
        "urn:xmpp:jingle:apps:rtp:1 rtcp-mux"
      ]
    },
    "rtcp-feedback": {
      "names": [
        "urn:xmpp:jingle:apps:rtp:rtcp-fb:0 rtcp-fb"
      ],
      "attributes": {
        "type": "word",
        "subtype": "line"
      },
      "most": 32
    },
    "rtcp-interval": {
      "names": [
        "urn:xmpp:jingle:apps:rtp:rtcp-fb:0 rtcp-fb-trr-int"
      ],
      "attributes": {
        "value": "number"
      },
      "most": 4
    },
    "header-extension": {
      "names": [
        "urn:xmpp:jingle:apps:rtp:rtp-hdrext:0 rtp-hdrext"
      ],
      "attributes": {
        "id": "number",
        "uri": "line",
        "senders": "word"
      },
      "most": 64
    },
    "mixed-headers": {
      "names": [
        "urn:xmpp:jingle:apps:rtp:rtp-hdrext:0 extmap-allow-mixed"
      ]
    },
    "source": {
      "names": [
        "urn:xmpp:jingle:apps:rtp:ssma:0 source"
      ],
      "attributes": {
        "ssrc": "number",
        "name": "word",
        "videoType": "word",
        "rid": "word"
      },
      "children": [
        "source-parameter"
      ],
      "most": 256
    },
    "source-parameter": {
      "names": [
        "urn:xmpp:jingle:apps:rtp:ssma:0 parameter"
      ],
      "attributes": {
        "name": "word",
        "value": "line"
      },
      "most": 8
    },
    "ssrc-group": {
      "names": [
        "urn:xmpp:jingle:apps:rtp:ssma:0 ssrc-group"
      ],
      "attributes": {
        "semantics": "word"
      },
      "children": [
        "group-source"
      ],
      "most": 128
    },
    "rid-group": {
      "names": [
        "urn:xmpp:jingle:apps:rtp:ssma:0 rid-group"
      ],
      "attributes": {
        "semantics": "word"
      },
      "children": [
        "group-source"
      ],
      "most": 8
    },
    "group-source": {
      "names": [
        "urn:xmpp:jingle:apps:rtp:ssma:0 source"
      ],
      "attributes": {
        "ssrc": "number",
        "rid": "word"
      },
      "most": 16
    },
    "transport": {
      "names": [
        "urn:xmpp:jingle:transports:ice-udp:1 transport"
      ],
      "attributes": {
        "ufrag": "line",
        "pwd": "line",
        "ice-generation": "number"
      },
      "children": [
        "fingerprint",
        "candidate",
        "data-channel"
      ]
    },
    "fingerprint": {
      "names": [
        "urn:xmpp:jingle:apps:dtls:0 fingerprint"
      ],
      "attributes": {
        "hash": "word",
        "setup": "word",
        "required": "flag",
        "cryptex": "flag"
      },
      "text": "line",
      "most": 8
    },
    "candidate": {
      "names": [
        "urn:xmpp:jingle:transports:ice-udp:1 candidate"
      ],
      "attributes": {
        "foundation": "line",
        "component": "number",
        "protocol": "word",
        "priority": "number",
        "ip": "word",
        "port": "number",
        "type": "word",
        "generation": "number",
        "rel-addr": "word",
        "rel-port": "number",
        "tcptype": "word",
        "network": "number",
        "id": "word"
      },
      "most": 64
    },
    "data-channel": {
      "names": [
        "urn:xmpp:jingle:transports:dtls-sctp:1 sctpmap"
      ],
      "attributes": {
        "number": "number",
        "protocol": "word",
        "streams": "number"
      }
    },
    "jingle-reason": {
      "names": [
        "urn:xmpp:jingle:1 reason"
      ],
      "children": [
        "jingle-reason-word"
      ]
    },
    "jingle-reason-word": {
      "names": [
        "urn:xmpp:jingle:1 success",
        "urn:xmpp:jingle:1 connectivity-error",
        "urn:xmpp:jingle:1 general-error",
        "urn:xmpp:jingle:1 security-error",
        "urn:xmpp:jingle:1 busy",
        "urn:xmpp:jingle:1 decline",
        "urn:xmpp:jingle:1 expired"
      ]
    },
    "bridge-session": {
      "names": [
        "http://jitsi.org/protocol/focus bridge-session"
      ],
      "attributes": {
        "id": "word",
        "restart": "flag",
        "ice-restart": "flag"
      }
    },
    "trace": {
      "names": [
        "jitsi:opentelemetry traceparent"
      ],
      "attributes": {
        "trace_id": "word",
        "parent_id": "word",
        "trace_flags": "word"
      }
    }
  },
  "contents": {
    "nothing": [],
    "server": [
      "query",
      "ping",
      "session",
      "services",
      "credentials"
    ],
    "request": [
      "conference"
    ],
    "presence": [
      "joining",
      "caps",
      "features",
      "sources",
      "muted",
      "video-type",
      "silent",
      "start-muted",
      "follow-me",
      "property-number",
      "property-flag",
      "property-word",
      "property-codecs",
      "property-key"
    ],
    "words-to-all": [
      "body",
      "subject",
      "reactions",
      "reply"
    ],
    "words-to-one": [
      "body",
      "reactions",
      "reply",
      "encryption"
    ],
    "lobby-chat": [
      "lobby-chat"
    ],
    "questions": [
      "query",
      "ping"
    ],
    "answers": [
      "answer",
      "error"
    ],
    "administration": [
      "administration"
    ],
    "letting-in": [
      "letting-in"
    ],
    "breakouts": [
      "breakouts"
    ],
    "media": [
      "jingle",
      "mute"
    ]
  }
};

export const PROGRAMS: Readonly<Record<string, string>> = {
  "gate_buckets.lib.lua": "-- A rate for each of many: so many in so many seconds. The oldest fall out, so that no flood of\n-- addresses fills memory; who falls out starts anew.\n\nlocal cache = require \"prosody.util.cache\"\nlocal throttle = require \"prosody.util.throttle\"\nlocal ip = require \"prosody.util.ip\"\n\nlocal most = 10000\n\n-- Who has one IPv6 address has a /64 of them (RFC 6177): that is one.\nlocal function network_of(address)\n\tif not address:find(\":\", 1, true) then return address end\n\tlocal found = ip.new_ip(address)\n\treturn found and found.proto == \"IPv6\" and ip.truncate(found, 64).addr or address\nend\n\n-- A function that says whether one more of a key is within the rate.\nlocal function by_key(count, seconds)\n\tlocal buckets = cache.new(most)\n\treturn function (key)\n\t\tlocal bucket = buckets:get(key)\n\t\t-- Below nothing since the clock was set back: it would fill no sooner than that time has passed again.\n\t\tif not bucket or bucket.balance < 0 then bucket = throttle.create(count, seconds) end\n\t\tbuckets:set(key, bucket)\n\t\treturn bucket:poll(1)\n\tend\nend\n\n-- The same of an address.\nlocal function new(count, seconds)\n\tlocal is_within = by_key(count, seconds)\n\treturn function (address) return is_within(network_of(address)) end\nend\n\nreturn { new = new, by_key = by_key, network_of = network_of }\n",
  "gate_files.lib.lua": "-- What the gate reads from disk: public keys of tokens, keys of room names, what is revoked. Each file\n-- is read whole, and a line that isn't of its form makes all of it worth nothing.\n\nlocal lfs = require \"lfs\"\nlocal hex = require \"prosody.util.hex\"\nlocal token = module:require \"gate_token\"\n\nlocal no_such_file = 2 -- errno(3), ENOENT\n\nlocal function read(path)\n\tlocal file = io.open(path, \"rb\")\n\tif not file then return nil end\n\tlocal text = file:read(\"a\")\n\tfile:close()\n\treturn text\nend\n\n-- kid -> verifier, from one file of public keys, none to two. A key's id is the start of its own SHA-256, so\n-- no name is trusted. An empty file is whole: then nobody has issued anything yet. nil when it isn't of the form.\nlocal function token_keys(path)\n\tlocal text = read(path)\n\tif not text then return nil end\n\tlocal keys, count = {}, 0\n\tlocal rest = text:gsub(\"%-%-%-%-%-BEGIN PUBLIC KEY%-%-%-%-%-[^-]*%-%-%-%-%-END PUBLIC KEY%-%-%-%-%-\\n?\", function (pem)\n\t\tlocal kid, fits = token.verifier(pem)\n\t\tif not kid or keys[kid] then return nil end\n\t\tkeys[kid] = fits\n\t\tcount = count + 1\n\t\treturn \"\"\n\tend)\n\tif rest:find(\"%S\") or count > 2 then return nil end\n\treturn keys\nend\n\n-- index -> key, from `<index> <64 hex>`; one line, or two while keys are rotated.\nlocal function room_keys(path)\n\tlocal text = read(path)\n\tif not text then return nil end\n\tlocal keys, count = {}, 0\n\tfor line in text:gmatch(\"[^\\n]+\") do\n\t\tlocal index, key = line:match(\"^(%d%d?) (%x+)$\")\n\t\tindex = math.tointeger(tonumber(index))\n\t\tif not index or index > 31 or #key ~= 64 or keys[index] then return nil end\n\t\tkeys[index] = hex.decode(key)\n\t\tcount = count + 1\n\tend\n\tif count == 0 or count > 2 then return nil end\n\treturn keys\nend\n\n-- A secret of one line.\nlocal function secret(path)\n\tlocal text = read(path)\n\tlocal line = text and text:match(\"^(%x+)%s*$\")\n\treturn line and #line >= 64 and line or nil\nend\n\n-- What tells one state of a file from the next, without reading it, and whether that can be relied on:\n-- times are whole seconds, so what was written just now may change without a sign. A missing file is a\n-- state, too, but a missing folder is none, nor is a file that can't be seen: then nobody can say that nothing is revoked.\nlocal function stamp(path)\n\tlocal folder = path:match(\"^(.*)/[^/]*$\")\n\tif lfs.attributes(folder, \"mode\") ~= \"directory\" then return nil end\n\tlocal seen, _, code = lfs.attributes(path)\n\tif not seen then return code == no_such_file and \"none\" or nil, true end\n\tlocal text = (\"%d %d %d %d\"):format(seen.ino, seen.size, seen.modification, seen.change)\n\treturn text, os.time() - seen.change > 2\nend\n\n-- Revoked tokens by id and rooms by hash, each with its last second; nil when a line isn't of the form.\nlocal function revoked(path)\n\tlocal list = { tokens = {}, rooms = {} }\n\tif stamp(path) == \"none\" then return list end\n\tlocal text = read(path)\n\tif not text or (text ~= \"\" and text:sub(-1) ~= \"\\n\") then return nil end\n\tfor line in text:gmatch(\"([^\\n]*)\\n\") do\n\t\tlocal id, token_until = line:match(\"^token (%w+) (%d+)$\")\n\t\tlocal hash, room_until = line:match(\"^room (%x+) (%d+)$\")\n\t\tif id and #id == 26 and not id:find(\"%u\") then\n\t\t\tlist.tokens[id] = tonumber(token_until)\n\t\telseif hash and #hash == 64 and not hash:find(\"%u\") then\n\t\t\tlist.rooms[hash] = tonumber(room_until)\n\t\telse\n\t\t\treturn nil\n\t\tend\n\tend\n\treturn list\nend\n\nreturn { token_keys = token_keys, room_keys = room_keys, secret = secret, stamp = stamp, revoked = revoked }\n",
  "gate_hooks.lib.lua": "-- Where each part of the gate stands in the order of Prosody's handlers, higher first. mod_gate holds\n-- this against what is really registered before the public host comes up; docs/gate.md explains it.\n-- alone: nobody may stand before or beside it. above, below: what it must come before or after.\nreturn {\n\t{ host = \"domain\", module = \"gate_handshake\", event = \"stream-features\", priority = 1000, alone = true },\n\t{ host = \"auth\", module = \"gate_handshake\", event = \"stream-features\", priority = 1000, alone = true },\n\t{ host = \"domain\", module = \"gate_stanzas\", event = \"pre-stanza\", priority = 1000, alone = true },\n\t{ host = \"auth\", module = \"gate_stanzas\", event = \"pre-stanza\", priority = 1000, alone = true },\n\t{ host = \"domain\", module = \"gate_sessions\", event = \"c2s-read-timeout\", priority = 1000, alone = true },\n\t{ host = \"domain\", module = \"gate_turn\", event = \"iq-get/host/urn:xmpp:extdisco:2:services\", priority = 1000, alone = true },\n\t{ host = \"domain\", module = \"gate_turn\", event = \"iq-get/host/urn:xmpp:extdisco:2:credentials\", priority = 1000, alone = true },\n\t{ host = \"conference\", module = \"gate_rooms\", event = \"muc-room-pre-create\", priority = 1000, alone = true },\n\t{ host = \"conference\", module = \"gate_rooms\", event = \"muc-room-pre-create\", priority = -0.5, above = -1 },\n\t{ host = \"conference\", module = \"gate_rooms\", event = \"muc-room-created\", priority = 1000, alone = true },\n\t{ host = \"conference\", module = \"gate_rooms\", event = \"muc-occupant-pre-join\", priority = 1000, alone = true },\n\t-- Core's token_affiliation stands at -3.5 and skips rooms that are members-only, Jitsi's lobby at -4,\n\t-- members-only at -5: later than any of them, no moderator ever gets in.\n\t{ host = \"conference\", module = \"gate_rooms\", event = \"muc-occupant-pre-join\", priority = 5, above = -3.5 },\n\t{ host = \"conference\", module = \"gate_rooms\", event = \"muc-occupant-pre-join\", priority = -1000, below = -20 },\n\t{ host = \"conference\", module = \"gate_rooms\", event = \"muc-occupant-pre-change\", priority = 1000, alone = true },\n\t{ host = \"conference\", module = \"gate_rooms\", event = \"muc-pre-set-affiliation\", priority = 1000, alone = true },\n\t{ host = \"conference\", module = \"gate_rooms\", event = \"muc-pre-set-role\", priority = 1000, alone = true },\n\t{ host = \"conference\", module = \"gate_rooms\", event = \"muc-pre-invite\", priority = 1000, alone = true },\n\t{ host = \"conference\", module = \"gate_rooms\", event = \"muc-pre-decline\", priority = 1000, alone = true },\n\t{ host = \"conference\", module = \"gate_rooms\", event = \"iq-set/bare/http://jabber.org/protocol/muc#admin:query\", priority = 1000, alone = true },\n\t{ host = \"conference\", module = \"gate_rooms\", event = \"muc-config-submitted\", priority = 1000, alone = true },\n\t{ host = \"conference\", module = \"gate_rooms\", event = \"muc-occupant-left\", priority = 1000, alone = true },\n\t{ host = \"lobby\", module = \"gate_beside\", event = \"muc-room-pre-create\", priority = 1000, alone = true },\n\t{ host = \"lobby\", module = \"gate_beside\", event = \"muc-room-created\", priority = 1000, alone = true },\n\t{ host = \"lobby\", module = \"gate_beside\", event = \"muc-occupant-pre-join\", priority = 1000, alone = true },\n\t{ host = \"breakout\", module = \"gate_beside\", event = \"muc-room-pre-create\", priority = 1000, alone = true },\n\t{ host = \"breakout\", module = \"gate_beside\", event = \"muc-room-created\", priority = 1000, alone = true },\n\t{ host = \"breakout\", module = \"gate_beside\", event = \"muc-occupant-pre-join\", priority = 1000, alone = true },\n\t{ host = \"internal\", module = \"gate_internal\", event = \"muc-room-pre-create\", priority = 1000, alone = true },\n\t{ host = \"internal\", module = \"gate_internal\", event = \"muc-occupant-pre-join\", priority = 1000, alone = true },\n\t{ host = \"internal\", module = \"gate_internal\", event = \"muc-occupant-pre-change\", priority = 1000, alone = true },\n}\n",
  "gate_json.lib.lua": "-- A strict reader of the little JSON that a token holds: objects, strings, whole numbers, booleans.\n-- Prosody's own reader takes the last of two equal names; another reader takes the first. What two\n-- readers may read differently is refused here: a name twice, a name with an escape, anything else\n-- that a token of ours never has (arrays, null, fractions).\n\nlocal depth_limit = 4\n\nlocal function fail(why)\n\terror({ json = why }, 0)\nend\n\nlocal escapes = { ['\"'] = '\"', [\"\\\\\"] = \"\\\\\", [\"/\"] = \"/\", b = \"\\b\", f = \"\\f\", n = \"\\n\", r = \"\\r\", t = \"\\t\" }\n\nlocal function skip(text, at)\n\treturn text:find(\"[^ \\t\\r\\n]\", at) or #text + 1\nend\n\nlocal function read_string(text, at)\n\t-- As nearly every string is: plain ASCII.\n\tlocal plain_text, after = text:match('^([^\"\\\\%c\\128-\\255]*)\"()', at)\n\tif plain_text then return plain_text, after end\n\tlocal parts = {}\n\twhile true do\n\t\tlocal upto, stop = text:match('^([^\"\\\\\\0-\\31]*)()', at)\n\t\tparts[#parts + 1] = upto\n\t\tlocal char = text:sub(stop, stop)\n\t\tif char == '\"' then\n\t\t\tlocal whole = table.concat(parts)\n\t\t\tif not utf8.len(whole) then fail(\"no UTF-8\") end\n\t\t\treturn whole, stop + 1\n\t\telseif char ~= \"\\\\\" then\n\t\t\tfail(\"string without end\")\n\t\tend\n\t\tlocal hex = text:match(\"^u(%x%x%x%x)\", stop + 1)\n\t\tif hex then\n\t\t\tlocal code = tonumber(hex, 16)\n\t\t\t-- Half of a surrogate pair, and what can't be shown.\n\t\t\tif code < 32 or (code >= 0xD800 and code <= 0xDFFF) then fail(\"escape\") end\n\t\t\tparts[#parts + 1] = utf8.char(code)\n\t\t\tat = stop + 6\n\t\telse\n\t\t\tlocal plain = escapes[text:sub(stop + 1, stop + 1)]\n\t\t\tif not plain then fail(\"escape\") end\n\t\t\tparts[#parts + 1] = plain\n\t\t\tat = stop + 2\n\t\tend\n\tend\nend\n\nlocal read_value\n\nlocal function read_object(text, at, depth)\n\tif depth > depth_limit then fail(\"too deep\") end\n\tlocal object = {}\n\tat = skip(text, at)\n\tif text:sub(at, at) == \"}\" then return object, at + 1 end\n\twhile true do\n\t\tlocal name, after = text:match('^\"([A-Za-z][A-Za-z_-]*)\"[ \\t\\r\\n]*:[ \\t\\r\\n]*()', at)\n\t\tif not name then fail(\"name\") end\n\t\tif object[name] ~= nil then fail(\"a name twice\") end\n\t\tobject[name], after = read_value(text, after, depth)\n\t\tlocal char\n\t\tchar, at = text:match(\"^[ \\t\\r\\n]*([,}])[ \\t\\r\\n]*()\", after)\n\t\tif not char then fail(\"object without end\") end\n\t\tif char == \"}\" then return object, at end\n\tend\nend\n\nfunction read_value(text, at, depth)\n\tlocal char = text:sub(at, at)\n\tif char == \"{\" then return read_object(text, at + 1, depth + 1) end\n\tif char == '\"' then return read_string(text, at + 1) end\n\tlocal number, after = text:match(\"^(%d+)()\", at)\n\t-- Twelve digits: seconds until the year 33658. One number, one way to write it.\n\tif number and #number <= 12 and (number == \"0\" or number:sub(1, 1) ~= \"0\")\n\t\tand not text:match(\"^[.eE]\", after) then\n\t\treturn math.tointeger(tonumber(number)), after\n\tend\n\tif text:sub(at, at + 3) == \"true\" then return true, at + 4 end\n\tif text:sub(at, at + 4) == \"false\" then return false, at + 5 end\n\tfail(\"value\")\nend\n\n-- The object that a text is, or nil.\nreturn function (text)\n\tlocal ok, object, at = pcall(function ()\n\t\tlocal start = skip(text, 1)\n\t\tif text:sub(start, start) ~= \"{\" then fail(\"no object\") end\n\t\treturn read_object(text, start + 1, 1)\n\tend)\n\tif not ok then\n\t\tif type(object) == \"table\" and object.json then return nil end\n\t\terror(object, 0)\n\tend\n\tif skip(text, at) <= #text then return nil end\n\treturn object\nend\n",
  "gate_name.lib.lua": "-- Room names prove that they were issued: random 26 | last day 3 | key 1 | MAC 16 | check 1, in base 32\n-- without the letters that are mistaken for others (docs/invitations.md). The same form is made elsewhere by\n-- other code; modules/hosts/gate/vectors.yaml holds both to it.\n\nlocal hashes = require \"prosody.util.hashes\"\n\nlocal alphabet = \"0123456789abcdefghjkmnpqrstvwxyz\"\nlocal value_of, char_of = {}, {}\nfor i = 1, 32 do\n\tvalue_of[alphabet:sub(i, i)] = i - 1\n\tchar_of[i - 1] = alphabet:sub(i, i)\nend\n\nlocal day_zero = 1704067200 -- 2024-01-01T00:00:00Z\nlocal day_length = 86400 -- UTC has no other days; POSIX time leaves leap seconds out.\n\n-- Ten bits at a time.\nlocal pair_of = {}\nfor i = 0, 1023 do pair_of[i] = char_of[i >> 5] .. char_of[i & 31] end\n\n-- Five bits a character, most significant first. bytes: a multiple of five of them.\nlocal function base32(bytes)\n\tlocal text = {}\n\tfor i = 1, #bytes, 5 do\n\t\tlocal bits = (\">I5\"):unpack(bytes, i)\n\t\ttext[#text + 1] = pair_of[bits >> 30] .. pair_of[bits >> 20 & 1023] .. pair_of[bits >> 10 & 1023] .. pair_of[bits & 1023]\n\tend\n\treturn table.concat(text)\nend\n\n-- Luhn's check modulo 32: finds every mistyped character and nearly every swap of neighbours.\nlocal function check_of(text)\n\tlocal factor, sum = 2, 0\n\tfor i = #text, 1, -1 do\n\t\tlocal product = factor * value_of[text:sub(i, i)]\n\t\tsum = sum + product // 32 + product % 32\n\t\tfactor = 3 - factor\n\tend\n\treturn char_of[(32 - sum % 32) % 32]\nend\n\nlocal function is_well_formed(name)\n\treturn #name == 47 and not name:find(\"[^\" .. alphabet .. \"]\")\nend\n\n-- Whether a name was issued for this domain by a key that counts, and its last day isn't over.\n-- keys: index -> 32 bytes. now: Unix seconds.\nlocal function is_issued(name, domain, keys, now)\n\tif not is_well_formed(name) then return false end\n\tlocal key = keys[value_of[name:sub(30, 30)]]\n\t-- An unknown key costs the same: when it was used is nobody's business.\n\tlocal digest = hashes.hmac_sha256(key or (\"\\0\"):rep(32), \"polder room 1\\0\" .. domain .. \"\\0\" .. name:sub(1, 30))\n\tlocal same = hashes.equals(base32(digest:sub(1, 10)), name:sub(31, 46))\n\tlocal day = (value_of[name:sub(27, 27)] * 32 + value_of[name:sub(28, 28)]) * 32 + value_of[name:sub(29, 29)]\n\tlocal ends = day_zero + (day + 1) * day_length\n\treturn key ~= nil and same and now < ends and check_of(name:sub(1, 46)) == name:sub(47, 47)\nend\n\nreturn { base32 = base32, is_issued = is_issued, check_of = check_of }\n",
  "gate_rebuild.lib.lua": "-- Builds what a stanza holds anew, from the table of modules/hosts/gate/contents.yaml: elements by namespace and name, known\n-- attributes, known children, text of known form. What isn't in the table isn't looked at, so nothing hides in it.\n\nlocal json = require \"prosody.util.json\"\nlocal st = require \"prosody.util.stanza\"\n\nlocal none = {}\n-- Keys of an object whose keys have a form only.\nlocal most_keys = 32\n\nlocal function checker(text)\n\tif text.oneOf then\n\t\tlocal values = {}\n\t\tfor _, value in ipairs(text.oneOf) do values[value] = true end\n\t\treturn function (value) return values[value] == true end\n\tend\n\tlocal form, most, is_own = text.form, text.most, text.own\n\treturn function (value, own)\n\t\tif #value > most then return false end\n\t\tlocal found = value:match(form)\n\t\treturn found ~= nil and (not is_own or found == own)\n\tend\nend\n\n-- A function that gives of a decoded value what its shape has of it; nil when it isn't of that shape.\nlocal function reader(shape, fits)\n\tif shape == \"boolean\" then\n\t\treturn function (value)\n\t\t\tif type(value) == \"boolean\" then return value end\n\t\tend\n\telseif shape == \"number\" then\n\t\treturn function (value) return type(value) == \"number\" and math.tointeger(value) or nil end\n\telseif type(shape) == \"string\" and shape:sub(1, 1) == \"=\" then\n\t\tlocal word = shape:sub(2)\n\t\treturn function (value) return value == word and word or nil end\n\telseif type(shape) == \"string\" then\n\t\tlocal is_fit = fits[shape]\n\t\treturn function (value, own) return type(value) == \"string\" and is_fit(value, own) and value or nil end\n\tend\n\tlocal read, needed, is_key, read_any = {}, {}, nil, nil\n\tfor key, one in pairs(shape) do\n\t\tif key:sub(1, 1) == \"*\" then\n\t\t\tis_key, read_any = fits[key:sub(2)], reader(one, fits)\n\t\telse\n\t\t\tread[key] = reader(one, fits)\n\t\t\tneeded[key] = type(one) == \"string\" and one:sub(1, 1) == \"=\"\n\t\tend\n\tend\n\treturn function (value, own)\n\t\tif type(value) ~= \"table\" then return nil end\n\t\tlocal clean = {}\n\t\tfor key, read_one in pairs(read) do\n\t\t\tclean[key] = read_one(value[key], own)\n\t\t\tif clean[key] == nil and needed[key] then return nil end\n\t\tend\n\t\tlocal count = 0\n\t\tfor key, one in pairs(is_key and value or none) do\n\t\t\tif count < most_keys and type(key) == \"string\" and is_key(key, own) then\n\t\t\t\tclean[key] = read_any(one, own)\n\t\t\t\tcount = count + 1\n\t\t\tend\n\t\tend\n\t\treturn clean\n\tend\nend\n\n-- Text that is JSON, written anew. Clients unescape %-signs before they read it: none is left.\nlocal function rewriter(kind, fits)\n\tlocal most, read = kind.most, reader(kind.keys, fits)\n\treturn function (text, own)\n\t\tif #text > most then return nil end\n\t\tlocal ok, value = pcall(json.decode, text)\n\t\tlocal clean = ok and read(value, own)\n\t\treturn clean and (json.encode(clean):gsub(\"%%\", \"\\\\u0025\"))\n\tend\nend\n\n-- What a tag says itself, without what stands in others inside.\nlocal function text_of(tag)\n\tif #tag.tags == 0 then return tag:get_text() end\n\tlocal parts = {}\n\tfor _, part in ipairs(tag) do\n\t\tif type(part) == \"string\" then parts[#parts + 1] = part end\n\tend\n\treturn table.concat(parts)\nend\n\n-- contents: the table. has_words: whether what people read is in it.\nreturn function (contents, has_words)\n\tlocal fits, rewrite, specs = {}, {}, {}\n\tfor id, text in pairs(contents.texts) do fits[id] = checker(text) end\n\tfor id, kind in pairs(contents.json) do\n\t\tif has_words or not kind.words then rewrite[id] = rewriter(kind, fits) end\n\tend\n\n\tlocal index\n\n\tlocal function spec_of(id)\n\t\tif specs[id] then return specs[id] end\n\t\tlocal element = contents.elements[id]\n\t\tlocal spec = { most = element.most or 1, attributes = {}, text = element.text and fits[element.text] }\n\t\tspecs[id] = spec\n\t\tfor name, text in pairs(element.attributes or none) do spec.attributes[name] = fits[text] end\n\t\tfor _, kind in ipairs(element.json or none) do\n\t\t\tspec.rewrites = spec.rewrites or {}\n\t\t\ttable.insert(spec.rewrites, rewrite[kind])\n\t\tend\n\t\tif element.children then spec.children, spec.filled = index(element.children), element.filled end\n\t\treturn spec\n\tend\n\n\t-- namespace -> name -> what may be kept of it\n\tfunction index(ids)\n\t\tlocal found = {}\n\t\tfor _, id in ipairs(ids) do\n\t\t\tlocal element = contents.elements[id]\n\t\t\tfor _, full in ipairs((has_words or not element.words) and element.names or none) do\n\t\t\t\tlocal namespace, name = full:match(\"^(%S+) (%S+)$\")\n\t\t\t\tfound[namespace] = found[namespace] or {}\n\t\t\t\tfound[namespace][name] = spec_of(id)\n\t\t\tend\n\t\tend\n\t\treturn found\n\tend\n\n\tlocal add_children\n\n\tlocal function rebuilt(tag, spec, own)\n\t\tlocal attr = { xmlns = tag.attr.xmlns }\n\t\tfor name, is_fit in pairs(spec.attributes) do\n\t\t\tlocal value = tag.attr[name]\n\t\t\tif value and is_fit(value, own) then attr[name] = value end\n\t\tend\n\t\t-- By hand: what the parser read needs no second look at each character, which costs as much as all else here.\n\t\tlocal new = setmetatable({ name = tag.name, attr = attr, tags = {} }, st.stanza_mt)\n\t\tif spec.text then\n\t\t\tlocal text = text_of(tag)\n\t\t\treturn spec.text(text, own) and new:text(text) or nil\n\t\telseif spec.rewrites then\n\t\t\tlocal text = text_of(tag)\n\t\t\tfor _, write in ipairs(spec.rewrites) do\n\t\t\t\tlocal written = write(text, own)\n\t\t\t\tif written then return new:text(written) end\n\t\t\tend\n\t\t\treturn nil\n\t\telseif spec.children then\n\t\t\tadd_children(new, tag.tags, spec.children, own)\n\t\t\tif spec.filled and #new.tags == 0 then return nil end\n\t\tend\n\t\treturn new\n\tend\n\n\tfunction add_children(to, tags, kinds, own)\n\t\tlocal counts = {}\n\t\tfor _, tag in ipairs(tags) do\n\t\t\tlocal spec = (kinds[tag.attr.xmlns or \"jabber:client\"] or none)[tag.name]\n\t\t\tlocal count = counts[tag.name] or 0\n\t\t\tif spec and count < spec.most then\n\t\t\t\tlocal new = rebuilt(tag, spec, own)\n\t\t\t\tif new then\n\t\t\t\t\tcounts[tag.name] = count + 1\n\t\t\t\t\tto[#to + 1] = new\n\t\t\t\t\tto.tags[#to.tags + 1] = new\n\t\t\t\tend\n\t\t\tend\n\t\tend\n\tend\n\n\tlocal kinds_of = {}\n\tfor name, ids in pairs(contents.contents) do kinds_of[name] = index(ids) end\n\n\t-- content: by its name. own: the sender's nick, where there is one.\n\treturn function (stanza, content, own)\n\t\tlocal tags = stanza.tags\n\t\tfor i = #stanza, 1, -1 do stanza[i] = nil end\n\t\tstanza.tags = {}\n\t\tadd_children(stanza, tags, kinds_of[content], own)\n\tend\nend\n",
  "gate_redact.lib.lua": "-- What of a log line may be written down. A message's fixed part is the program's own; what it is\n-- filled with may be anybody's name. Numbers stay, names of this instance's hosts stay, places in\n-- the code stay; all else becomes a mark. Lines that were put together before they got here are\n-- searched for the forms that people's data has.\n\nlocal mark = \"…\"\n\nlocal function argument(known, value)\n\tif math.type(value) == \"integer\" or math.type(value) == \"float\" or type(value) == \"boolean\" or value == nil then\n\t\treturn value\n\tend\n\tif type(value) ~= \"string\" then return mark end\n\tif known[value] then return value end\n\t-- Of an error and its trace: where, not what.\n\tlocal places = {}\n\tfor place in value:gmatch(\"[%w_/.-]*%.lua:%d+\") do places[#places + 1] = place:match(\"[^/]+$\") end\n\treturn #places > 0 and table.concat(places, \" \") or mark\nend\n\nlocal forms = {\n\t\"%S+@%S+\", -- JIDs\n\t\"ey[%w_-]+%.[%w_.-]+\", -- tokens\n\t\"%f[%w]\" .. (\"[%w_-]\"):rep(24) .. \"[%w_-]*\", -- room names, ids, digests\n\t\"%d+%.%d+%.%d+%.%d+\", \"%x*:%x*:[%x:.]+\", -- addresses\n}\n\nlocal function scrub(text)\n\tfor _, form in ipairs(forms) do text = text:gsub(form, mark) end\n\treturn text\nend\n\n-- A session's number ties its lines together; operations need no such thread.\nlocal function source(name)\n\treturn (name:gsub(\"^c2s%x+$\", \"c2s\"):gsub(\"^(http%.%u+)%-.*$\", \"%1\"))\nend\n\nlocal function line(known, format, message, ...)\n\tlocal arguments = table.pack(...)\n\tfor i = 1, arguments.n do arguments[i] = argument(known, arguments[i]) end\n\treturn scrub(format(message, table.unpack(arguments, 1, arguments.n)))\nend\n\nreturn { line = line, source = source }\n",
  "gate_table.lib.lua": "-- Decides about one stanza by the table of modules/hosts/gate/stanzas.yaml. Nothing here looks at a room:\n-- whether one lives must not change what is decided, nor how long that takes.\n\nlocal jid_split = require \"prosody.util.jid\".split\n\nlocal none = {}\n-- \"presence\" without a type is \"available\"; a message without one is \"normal\" (RFC 6121).\nlocal default_type = { presence = \"available\", message = \"normal\" }\n\n-- Rows by sender, host, and the stanza's name and type: sorted once, asked often.\nlocal function index(rows)\n\tlocal sorted = {}\n\tlocal function place(...)\n\t\tlocal at = sorted\n\t\tfor _, key in ipairs { ... } do\n\t\t\tat[key] = at[key] or {}\n\t\t\tat = at[key]\n\t\tend\n\t\treturn at\n\tend\n\tfor _, row in ipairs(rows) do\n\t\tfor _, from in ipairs(row.from) do\n\t\t\tfor _, kind in ipairs(row.stanza) do\n\t\t\t\ttable.insert(place(from, row.to, kind:match(\"^(%S+) (%S+)$\")), row)\n\t\t\tend\n\t\tend\n\tend\n\treturn sorted\nend\n\nlocal function has_payload(row, stanza)\n\tif not row.payload then return true end\n\t-- An iq has one child (RFC 6120, 8.2.3); a message may have more beside the one that decides.\n\tfor _, child in ipairs(stanza.tags) do\n\t\tlocal name = (child.attr.xmlns or \"jabber:client\") .. \" \" .. child.name\n\t\tfor _, wanted in ipairs(row.payload) do\n\t\t\tif name == wanted then return true end\n\t\tend\n\t\tif stanza.name == \"iq\" then return false end\n\tend\n\treturn false\nend\n\nlocal function includes(list, item)\n\tfor _, one in ipairs(list) do\n\t\tif one == item then return true end\n\tend\n\treturn false\nend\n\n-- rows: the table. hosts: host name -> what it is in the table. own_host: where a stanza without\n-- address goes. brewery: the node of the bridges' room.\nreturn function (rows, hosts, own_host, brewery)\n\tlocal sorted = index(rows)\n\n\tlocal function room_fits(row, stanza, node, room)\n\t\tif not row.room then return node == nil end\n\t\tif row.to == \"focus\" then\n\t\t\tlocal asked = stanza.tags[1].attr.room\n\t\t\tlocal asked_node, asked_host, resource = jid_split(asked)\n\t\t\treturn asked_node == room and hosts[asked_host or \"\"] == \"conference\" and not resource\n\t\tend\n\t\tif row.room == \"own\" then return node == room end\n\t\tif row.room == \"brewery\" then return node == brewery end\n\t\treturn node ~= nil\n\tend\n\n\t-- The row that lets a stanza pass, or nil. from: who sends. room: the token's, if there is one. account: its name.\n\treturn function (stanza, from, room, account)\n\t\tlocal node, host, resource = jid_split(stanza.attr.to or own_host)\n\t\tlocal to = hosts[host or \"\"]\n\t\tif not to then return nil end\n\t\tlocal form = not node and (resource and \"none\" or \"host\") or resource and \"full\" or \"bare\"\n\t\t-- Answers to a component go to host/id: an address without a node.\n\t\tif not node and resource and to == \"focus\" then form = \"full\" end\n\t\tlocal kinds = ((sorted[from] or none)[to] or none)[stanza.name] or none\n\t\tfor _, row in ipairs(kinds[stanza.attr.type or default_type[stanza.name] or \"\"] or none) do\n\t\t\tif includes(row.form, form) and has_payload(row, stanza) and room_fits(row, stanza, node, room)\n\t\t\t\tand (not row.nick or resource == (row.nick == \"account\" and account or row.nick)) then\n\t\t\t\treturn row\n\t\t\tend\n\t\tend\n\t\treturn nil\n\tend\nend\n",
  "gate_token.lib.lua": "-- A token says who may be in which room, and until when. Everything in it is checked here: nothing of\n-- it may be missing, doubled, of another form, or new. Prosody's util.jwt gives the signature's\n-- verification; it looks at no nbf, aud, iss or kid, and at exp only where there is one.\n\nlocal crypto = require \"prosody.util.crypto\"\nlocal base64 = require \"prosody.util.encodings\".base64\nlocal sha256 = require \"prosody.util.hashes\".sha256\nlocal read_json = module:require \"gate_json\"\n\nlocal longest = 4096\n-- Clocks of two hosts; the instance's own keep time to a second.\nlocal leeway = 5\n\n-- base64url without padding (RFC 7515). One signature, one way to write it: of what can be read, the text that\n-- reads so is the only one. By whole texts, not by character: a pattern over a token costs as much as the signature.\nlocal standard, foreign = { [\"-\"] = \"+\", [\"_\"] = \"/\" }, { \"+\", \"/\", \"=\" }\nlocal function decode(part)\n\tfor _, char in ipairs(foreign) do\n\t\tif part:find(char, 1, true) then return nil end\n\tend\n\tlocal padded = part:gsub(\"[-_]\", standard) .. (\"=\"):rep(-#part % 4)\n\tlocal bytes = base64.decode(padded)\n\treturn bytes and base64.encode(bytes) == padded and bytes or nil\nend\n\n-- A token's three parts and what is signed, or nothing.\nlocal function split(token)\n\tlocal first = token:find(\".\", 1, true)\n\tlocal second = first and token:find(\".\", first + 1, true)\n\tif not second or token:find(\".\", second + 1, true) then return nil end\n\treturn token:sub(1, first - 1), token:sub(first + 1, second - 1), token:sub(second + 1), token:sub(1, second - 1)\nend\n\nlocal function is_text(pattern, limit)\n\treturn function (value)\n\t\treturn type(value) == \"string\" and #value <= limit and value:find(pattern) ~= nil\n\tend\nend\nlocal function is(expected)\n\treturn function (value) return value == expected end\nend\nlocal function is_time(value) return math.type(value) == \"integer\" end\n\nlocal is_id = is_text(\"^[a-z0-9]+$\", 26)\nlocal function is_pseudonym(value) return is_id(value) and #value == 26 end\n\n-- A function that says whether an object has each of some fields, and no other but some that may be missing.\nlocal function has_exactly(required, optional)\n\treturn function (object)\n\t\tif type(object) ~= \"table\" then return false end\n\t\tfor field, value in pairs(object) do\n\t\t\tlocal fits = required[field] or optional and optional[field]\n\t\t\tif not (fits and fits(value)) then return false end\n\t\tend\n\t\tfor field in pairs(required) do\n\t\t\tif object[field] == nil then return false end\n\t\tend\n\t\treturn true\n\tend\nend\n\nlocal function are_all_off(features)\n\tif type(features) ~= \"table\" then return false end\n\tfor _, value in pairs(features) do\n\t\tif value ~= false then return false end\n\tend\n\treturn true\nend\n\n-- \"none\", HS256 with the public key as its secret, a kid that is a path, a key that comes with the token.\nlocal is_header = has_exactly { alg = is(\"RS256\"), typ = is(\"JWT\"), kid = is_text(\"^[0-9a-f]+$\", 16) }\n\nlocal function is_name(value) return type(value) == \"string\" and #value > 0 and utf8.len(value) <= 64 end\nlocal function is_context(affiliation, optional)\n\treturn has_exactly { user = has_exactly({ id = is_pseudonym, affiliation = is(affiliation) }, optional), features = are_all_off }\nend\nlocal context_of = { moderator = is_context(\"owner\", { name = is_name }), guest = is_context(\"member\") }\n\nlocal function are_claims_of(domain)\n\tlocal are_claims = has_exactly {\n\t\tiss = is(\"issuer.\" .. domain), aud = is(\"meet.\" .. domain), sub = is(domain),\n\t\t-- No wildcard, no [tenant]room, no upper case: the alphabet of room names has none of them.\n\t\troom = is_text(\"^[0-9a-z]+$\", 47),\n\t\trole = function (role) return context_of[role] ~= nil end,\n\t\tnbf = is_time, iat = is_time, exp = is_time,\n\t\tjti = is_pseudonym,\n\t\tcontext = function () return true end,\n\t}\n\treturn function (claims) return are_claims(claims) and context_of[claims.role](claims.context) end\nend\n\n-- What a session may rest on, or nil, why in one word for the log, and whose it is where that is sure.\n-- are_claims: those of this instance, from are_claims_of. longest_life: of a token here, in seconds.\n-- keys: kid -> a verifying function of (signed text, signature).\nlocal function verify(token, are_claims, longest_life, keys, now)\n\tif type(token) ~= \"string\" or #token > longest then return nil, \"size\" end\n\tlocal first, second, third, signed = split(token)\n\tlocal head, signature = first and decode(first), third and decode(third)\n\tlocal header = head and read_json(head)\n\tif not (header and signature) then return nil, \"form\" end\n\tif not is_header(header) then return nil, \"header\" end\n\tlocal fits = keys[header.kid]\n\tif not fits then return nil, \"key\" end\n\tif not fits(signed, signature) then return nil, \"signature\" end\n\tlocal body = decode(second)\n\tif not body then return nil, \"form\" end\n\tlocal claims = read_json(body)\n\tif not are_claims(claims) then return nil, \"claims\" end\n\t-- Issued here: whose it is, is known from here on.\n\tlocal actor = claims.context.user.id\n\tif claims.exp <= claims.nbf or claims.exp - claims.nbf > longest_life then return nil, \"life\", actor end\n\tif claims.iat > now + leeway or claims.nbf > now + leeway then return nil, \"early\", actor end\n\tif claims.exp <= now then return nil, \"expired\", actor end\n\treturn {\n\t\troom = claims.room, role = claims.role, id = claims.jti, expires = claims.exp,\n\t\tactor = actor, name = claims.context.user.name, key = header.kid,\n\t}\nend\n\n-- A public key's id and its verifying function, or nil: only RSA, 3072 bits or more, exponent 65537.\nlocal function verifier(pem)\n\tlocal body = pem:match(\"^%-%-%-%-%-BEGIN PUBLIC KEY%-%-%-%-%-\\r?\\n([A-Za-z0-9+/=\\r\\n]+)%-%-%-%-%-END PUBLIC KEY%-%-%-%-%-%s*$\")\n\tlocal der = body and base64.decode((body:gsub(\"%s\", \"\")))\n\t-- SubjectPublicKeyInfo (RFC 5280) of 3072 bits is 422 bytes; it ends with the exponent.\n\tif not der or #der < 422 or der:sub(-5) ~= \"\\2\\3\\1\\0\\1\" then return nil end\n\tlocal ok, key = pcall(crypto.import_public_pem, pem)\n\tif not ok or not key or key:get_type() ~= \"rsaEncryption\" then return nil end\n\treturn sha256(der, true):sub(1, 16), function (signed, signature)\n\t\treturn crypto.rsassa_pkcs1_sha256_verify(key, signed, signature) == true\n\tend\nend\n\nreturn { verify = verify, verifier = verifier, are_claims_of = are_claims_of }\n",
  "gate_whois.lib.lua": "-- Who sees whose account: moderators everybody's, who lets in needs it; all others Jicofo's alone, by which their\n-- clients know it. Jicofo itself asks for a room in which everybody sees everybody's: that is not to be had.\n\n-- Keeps the rooms of one host so; gives a function that undoes it.\nreturn function (room_mt, focus)\n\tlocal get_whois, build_item_list = room_mt.get_whois, room_mt.build_item_list\n\troom_mt.get_whois = function () return \"moderators\" end\n\troom_mt.build_item_list = function (room, occupant, x, is_anonymous, ...)\n\t\treturn build_item_list(room, occupant, x, is_anonymous and occupant.bare_jid ~= focus, ...)\n\tend\n\treturn function () room_mt.get_whois, room_mt.build_item_list = get_whois, build_item_list end\nend\n",
  "mod_gate.lua": "-- The gate's middle: its keys, its open sessions, what is revoked, and the watch over its own parts.\n-- The public hosts are switched off in prosody.cfg.lua. This module alone brings them up, and only\n-- when every part of the gate stands where it must: without it, or with one part missing, moved or\n-- failing to load, there is no meeting to enter.\nmodule:set_global()\n\nlocal hostmanager = require \"prosody.core.hostmanager\"\nlocal modulemanager = require \"prosody.core.modulemanager\"\nlocal configmanager = require \"prosody.core.configmanager\"\nlocal hashes = require \"prosody.util.hashes\"\nlocal jid = require \"prosody.util.jid\"\nlocal st = require \"prosody.util.stanza\"\nlocal add_task = require \"prosody.util.timer\".add_task\nlocal monotonic = require \"prosody.util.time\".monotonic\nlocal log = module:depends(\"gate_log\")\nlocal token = module:require \"gate_token\"\nlocal name = module:require \"gate_name\"\nlocal files = module:require \"gate_files\"\nlocal hooks = module:require \"gate_hooks\"\nlocal buckets = module:require \"gate_buckets\"\n\nlocal folder = module:get_option_string(\"gate_folder\")\nlocal revoked_file = module:get_option_string(\"gate_revoked\")\nlocal limits = module:get_option(\"gate_limits\")\nlocal grace = module:get_option_integer(\"gate_grace\", 60, 0)\nlocal longest_life = module:get_option_integer(\"gate_life\", 0, 1)\nlocal guests_come = module:get_option_boolean(\"gate_guests\", false)\n-- Name of each host by what it is: domain, auth, internal, conference, lobby, breakout, focus.\nnames = module:get_option(\"gate_hosts\")\nlocal are_claims = token.are_claims_of(names.domain)\n-- Switched on in this order: what a client can reach comes last.\nlocal public = { \"conference\", \"lobby\", \"breakout\", \"focus\", \"domain\" }\n\nlocal ready = false\nlocal token_keys, room_keys, revoked, revoked_stamp\nlocal health_check = \"__jicofo-health-check-\"\n\nlocal function now() return os.time() end\n\n-- Refusals of one address that are written down; the others are counted. Else a flood of them would make the\n-- journal drop lines, whosever they are.\nlocal may_write = buckets.new(limits.refusals, limits.seconds)\nlocal unwritten = {}\n\n-- One decision into the security log; with a session, also whose it was.\nfunction security(event, session)\n\tlocal pinned = session and session.gate\n\tif session and not pinned then event.actor, event.address = session.username, session.ip end\n\tlocal address = pinned and pinned.address or event.address\n\tif event.result == \"refused\" and address and not may_write(address) then\n\t\tlocal network = buckets.network_of(address)\n\t\tunwritten[network] = (unwritten[network] or 0) + 1\n\t\treturn\n\tend\n\tlog.security(event, pinned)\nend\n\n-- What nobody waits for an answer to (RFC 6120, 8.2.3 and 8.3.1).\nlocal unanswered = { error = true, result = true, unavailable = true }\n\n-- By link and network: others sit in the same network, or came by the same link. It lets nobody new in for a while\n-- when it was refused too often: to come back costs more than to be refused.\nlocal may_be_refused = buckets.by_key(limits.refused, limits.seconds)\nlocal shut_until = {}\nlocal function source_of(id, network) return id .. \" \" .. network end\n\n-- A stanza that is refused: one answer, whatever the reason, and one decision, of which the caller says action and\n-- what else is known. Always true, as a handler's that has done all that is to be done. told: words for who may know\n-- that it is only a matter of waiting (XEP-0045, 7.2.9).\nfunction refuse(event, decision, told)\n\tlocal session, stanza = event.origin, event.stanza\n\tif session.gate and not may_be_refused(session.gate.source) then\n\t\tshut_until[session.gate.source] = now() + limits.seconds\n\t\tsecurity({ action = \"session\", result = \"ended\", why = \"refused too often\" }, session)\n\t\tsession:close({ condition = \"policy-violation\", text = \"Too much that is refused\" })\n\t\treturn true\n\tend\n\tif not unanswered[stanza.attr.type] then session.send(st.error_reply(stanza, told and \"wait\" or \"cancel\", \"service-unavailable\", told)) end\n\tdecision.result = \"refused\"\n\tsecurity(decision, session)\n\treturn true\nend\n\nlocal function write_counts()\n\tfor network, count in pairs(unwritten) do\n\t\tlog.security { action = \"refusals\", result = \"refused\", why = \"too many to write down\", address = network, more = count }\n\tend\n\tunwritten = {}\nend\n\n-- Keys -----------------------------------------------------------------------------------------------\n\nlocal function load_keys()\n\ttoken_keys = files.token_keys(folder .. \"/tokens.pem\")\n\troom_keys = files.room_keys(folder .. \"/rooms.keys\")\n\tif not token_keys then module:log(\"error\", \"gate/tokens.pem holds something else than up to two public keys of 3072 bits: every session is refused\") end\n\tif not room_keys then module:log(\"error\", \"gate/rooms.keys holds no key, or more than two, or something else: no room is opened\") end\nend\nmodule:hook_global(\"config-reloaded\", load_keys)\n\n-- Sessions -------------------------------------------------------------------------------------------\n\n-- Sessions that a token was seen of. Counted anew with each sweep, so that no count can drift.\nlocal sessions, by_network, by_token = {}, {}, {}\n\nlocal function count(session)\n\tlocal gate = session.gate\n\tby_network[gate.network] = (by_network[gate.network] or 0) + 1\n\tby_token[gate.id] = (by_token[gate.id] or 0) + 1\nend\n\n-- Whether this token was refused too often a moment ago, at this address.\nfunction is_shut(id, address) return (shut_until[source_of(id, buckets.network_of(address))] or 0) > now() end\n\nfunction sessions_of(address, id) return by_network[buckets.network_of(address)] or 0, by_token[id] or 0 end\n\nlocal came = 0\nfunction register(session)\n\tlocal gate = session.gate\n\tcame = came + 1\n\tgate.network, gate.came = buckets.network_of(gate.address), came\n\tgate.source = source_of(gate.id, gate.network)\n\tsessions[session] = true\n\tcount(session)\nend\n\n-- Whether a bare JID is a session of this room, with this role or any.\nfunction is_of_room(bare, room, role)\n\tlocal user = prosody.bare_sessions[bare]\n\tfor _, session in pairs(user and user.sessions or {}) do\n\t\tlocal gate = session.gate\n\t\tif gate and gate.room == room and (role == nil or gate.role == role) then return true end\n\tend\n\treturn false\nend\n\nfunction focus_jid() return \"focus@\" .. names.auth end\n-- An account of auth.<domain> that isn't Jicofo's is a bridge's: accounts come with a converge, and nobody makes another.\nfunction is_bridge(bare)\n\tlocal user, host = jid.split(bare)\n\treturn user ~= nil and user ~= \"focus\" and host == names.auth\nend\n\n-- The live room of that name, if there is one. Only ever asked for a room that is the asker's own.\nfunction live_room(kind, node)\n\tlocal host = prosody.hosts[names[kind]]\n\tlocal muc = host and host.modules.muc\n\treturn muc and muc.get_room_from_jid(jid.join(node, names[kind]))\nend\n\n-- The live main room that opened this breakout. Jitsi's module keeps them in the main room's data.\nfunction main_room_of(breakout_jid)\n\tlocal muc = prosody.hosts[names.conference].modules.muc\n\tfor room in muc.live_rooms() do\n\t\tif (room._data.breakout_rooms or {})[breakout_jid] then return room end\n\tend\nend\n\n-- Decisions ------------------------------------------------------------------------------------------\n\nlocal function is_revoked(pinned)\n\treturn (revoked.tokens[pinned.id] or 0) > now() or (revoked.rooms[pinned.digest] or 0) > now()\nend\n\n-- A token's session, or nil, why, and whose it was where that is sure.\nfunction admit(text)\n\tif not ready then return nil, \"not ready\" end\n\tif not token_keys then return nil, \"no keys\" end\n\tif not revoked then return nil, \"revocations unreadable\" end\n\tlocal gate, why, actor = token.verify(text, are_claims, longest_life, token_keys, now())\n\tif not gate then return nil, why, actor end\n\tif gate.role == \"guest\" and not guests_come then return nil, \"guests are off\", gate.actor end\n\tgate.digest = hashes.sha256(gate.room, true)\n\tif is_revoked(gate) then return nil, \"revoked\", gate.actor end\n\treturn gate\nend\n\n-- Jicofo's room for looking after itself: nobody else can open or enter it.\nfunction is_health_check(node) return node:sub(1, #health_check) == health_check end\n\n-- Whether a conference room of this name may be made. Who makes it is asked elsewhere.\nfunction may_open(node)\n\tif is_health_check(node) then return true end\n\treturn ready and room_keys ~= nil and revoked ~= nil\n\t\tand name.is_issued(node, names.domain, room_keys, now())\n\t\tand (revoked.rooms[hashes.sha256(node, true)] or 0) <= now()\nend\n\n-- Silence: mod_gate_sessions notes when a session was heard, and since when it is asked whether it is there ----\n\nfunction end_silent(session)\n\tsecurity({ action = \"session\", result = \"ended\", why = \"silent\" }, session)\n\tsession:close({ condition = \"connection-timeout\", text = \"Nothing came from you any more\" })\nend\n\n-- Whether a place comes free among the sessions of which `belongs` says so. Who has lost the connection comes back\n-- before the old session is found dead: of those that were asked and didn't answer, the one that was heard least\n-- recently ends. Who is silent and wasn't asked yet is asked now, for whoever tries again.\nlocal function free_place(belongs)\n\tlocal longest\n\tfor session in pairs(sessions) do\n\t\tlocal pinned = session.gate\n\t\tif pinned and not session.destroyed and monotonic() - pinned.heard >= limits.answer and belongs(session) then\n\t\t\tif not pinned.asked then\n\t\t\t\tprosody.hosts[names.domain].events.fire_event(\"c2s-read-timeout\", { session = session })\n\t\t\telseif monotonic() - pinned.asked >= limits.answer and (not longest or pinned.heard < longest.gate.heard) then\n\t\t\t\tlongest = session\n\t\t\tend\n\t\tend\n\tend\n\tif not longest then return false end\n\tlocal pinned = longest.gate\n\tby_network[pinned.network] = (by_network[pinned.network] or 1) - 1\n\tby_token[pinned.id] = (by_token[pinned.id] or 1) - 1\n\tend_silent(longest)\n\treturn true\nend\n\n-- Whether a place in a room comes free, of whoever is in it.\nfunction has_room(room)\n\treturn free_place(function (session) return session.full_jid ~= nil and room:get_occupant_jid(session.full_jid) ~= nil end)\nend\n\n-- Whether there is a socket for who comes from this address.\nfunction has_socket(address)\n\tlocal network = buckets.network_of(address)\n\treturn free_place(function (session) return session.gate.network == network end)\nend\n\n-- Places of a link -----------------------------------------------------------------------------------\n\nlocal function is_in_meeting(session)\n\tlocal room = live_room(\"conference\", session.gate.room)\n\treturn room ~= nil and session.full_jid ~= nil and room:get_occupant_jid(session.full_jid) ~= nil\nend\n\n-- Whether there is a place by this token for who comes from this address. When all are taken and nobody of it is silent, the network that holds\n-- most gives one up, if it holds two more than the newcomer's: else one person could take them all, and nobody who\n-- has one alone ever loses it. Of its sessions the last that came goes, and none that is in the meeting.\nfunction has_place(id, address)\n\tlocal own = buckets.network_of(address)\n\tlocal all, held, last = 0, { [own] = 0 }, {}\n\tfor session in pairs(sessions) do\n\t\tlocal gate = session.gate\n\t\tif gate and gate.id == id and not session.destroyed then\n\t\t\tlocal network = gate.network\n\t\t\tall, held[network] = all + 1, (held[network] or 0) + 1\n\t\t\tif not is_in_meeting(session) and (not last[network] or gate.came > last[network].gate.came) then\n\t\t\t\tlast[network] = session\n\t\t\tend\n\t\tend\n\tend\n\tif all < limits.link or free_place(function (session) return session.gate.id == id end) then return true end\n\tlocal fullest\n\tfor network in pairs(last) do\n\t\tif not fullest or held[network] > held[fullest] then fullest = network end\n\tend\n\tif not fullest or held[fullest] < held[own] + 2 then return false end\n\tsecurity({ action = \"session\", result = \"ended\", why = \"its place goes to another network\" }, last[fullest])\n\tlast[fullest]:close({ condition = \"policy-violation\", text = \"Too many by this link\" })\n\treturn true\nend\n\n-- Revocation and expiry ------------------------------------------------------------------------------\n\nlocal function look_for_revocations()\n\tlocal stamp, settled = files.stamp(revoked_file)\n\tif stamp ~= nil and stamp == revoked_stamp then return end\n\tlocal list = stamp and files.revoked(revoked_file)\n\tif not list and (revoked or revoked_stamp == nil) then\n\t\tmodule:log(\"error\", \"the list of what is revoked can't be read: every new session is refused\")\n\t\tsecurity { action = \"read revocations\", result = \"failed\" }\n\tend\n\t-- Read again in any case when it was no good, or new: the next look may see another.\n\trevoked, revoked_stamp = list or nil, list and settled and stamp or false\nend\n\nlocal function destroy_revoked_rooms()\n\tif not (revoked and next(revoked.rooms) and ready) then return end\n\tlocal rooms = {}\n\tfor room in prosody.hosts[names.conference].modules.muc.live_rooms() do rooms[#rooms + 1] = room end\n\tfor _, room in ipairs(rooms) do\n\t\tlocal node = jid.node(room.jid)\n\t\tif (revoked.rooms[hashes.sha256(node, true)] or 0) > now() then\n\t\t\troom:destroy(nil, \"revoked\")\n\t\t\tsecurity { action = \"room\", result = \"ended\", why = \"revoked\", room = node }\n\t\tend\n\tend\nend\n\nlocal function sweep()\n\twrite_counts()\n\tlook_for_revocations()\n\tby_network, by_token = {}, {}\n\tfor session in pairs(sessions) do\n\t\tlocal gate = session.gate\n\t\tif session.destroyed or not gate then\n\t\t\tsessions[session] = nil\n\t\telse\n\t\t\tcount(session)\n\t\t\tlocal why = now() > gate.expires + grace and \"expired\"\n\t\t\t\tor revoked and is_revoked(gate) and \"revoked\"\n\t\t\t\tor token_keys and not token_keys[gate.key] and \"key gone\"\n\t\t\tif why then\n\t\t\t\tsecurity({ action = \"session\", result = \"ended\", why = why }, session)\n\t\t\t\tsession:close({ condition = \"not-authorized\", text = \"This invitation has ended\" })\n\t\t\tend\n\t\tend\n\tend\n\tfor source, moment in pairs(shut_until) do\n\t\t-- Further away than it was set: the clock was set back.\n\t\tif moment <= now() or moment > now() + limits.seconds then shut_until[source] = nil end\n\tend\n\tdestroy_revoked_rooms()\nend\n\n-- A timer that fails is gone; then nothing would be revoked any more, and nobody would see it.\nlocal function tick()\n\tlocal ok, why = pcall(sweep)\n\tif not ok then\n\t\trevoked, revoked_stamp = nil, false\n\t\tmodule:log(\"error\", \"the sweep failed, every new session is refused: %s\", why)\n\tend\n\treturn 2\nend\n\n-- The watch ------------------------------------------------------------------------------------------\n\n-- What is wrong with one hook, or nil.\nlocal function wrong_hook(hook)\n\tlocal host = prosody.hosts[names[hook.host]]\n\tlocal part = host and modulemanager.get_module(names[hook.host], hook.module)\n\tlocal where = hook.module .. \" on the \" .. hook.host .. \" host\"\n\tif not part then return where .. \" is missing\" end\n\tlocal own\n\tlocal first = math.mininteger\n\tfor handler, priority in pairs(host.events._event_map[hook.event] or {}) do\n\t\tif part.module.event_handlers:get(host.events, hook.event, handler) and priority == hook.priority then\n\t\t\town = handler\n\t\telseif priority > first then\n\t\t\tfirst = priority\n\t\tend\n\tend\n\tlocal event = \" at \" .. hook.event\n\tif not own then return where .. event .. \" doesn't stand at \" .. hook.priority end\n\tif hook.alone and first >= hook.priority then return where .. event .. \" has another before it\" end\n\tif hook.above and hook.priority <= hook.above then return where .. event .. \" stands too late\" end\n\tif hook.below and hook.priority >= hook.below then return where .. event .. \" stands too early\" end\nend\n\nlocal function faults()\n\tlocal found = {}\n\tfor _, hook in ipairs(hooks) do found[#found + 1] = wrong_hook(hook) end\n\t-- What must be there beside the hooks: each host's own module, and how people log in.\n\tfor _, kind in ipairs(public) do\n\t\tlocal config = configmanager.getconfig()[names[kind]] or {}\n\t\tlocal needed = config.component_module or \"auth_\" .. tostring(config.authentication)\n\t\tif not modulemanager.get_module(names[kind], needed) then found[#found + 1] = needed .. \" on the \" .. kind .. \" host is missing\" end\n\tend\n\treturn found\nend\n\nlocal function take_down()\n\tready = false\n\tfor i = #public, 1, -1 do\n\t\tif prosody.hosts[names[public[i]]] then hostmanager.deactivate(names[public[i]], \"closed\") end\n\tend\nend\n\nlocal function watch()\n\tif not ready then return end\n\tlocal found = faults()\n\tif #found == 0 then return end\n\tfor _, fault in ipairs(found) do module:log(\"error\", fault .. \": the public hosts go down\") end\n\tsecurity { action = \"watch\", result = \"closed\" }\n\ttake_down()\nend\n\nlocal function bring_up()\n\tload_keys()\n\tlook_for_revocations()\n\tfor _, kind in ipairs(public) do\n\t\tlocal config = configmanager.getconfig()[names[kind]]\n\t\tif config and config.gate == kind then hostmanager.activate(names[kind], config) end\n\tend\n\tlocal found = faults()\n\tif #found > 0 then\n\t\tfor _, fault in ipairs(found) do module:log(\"error\", fault .. \": the public hosts stay down\") end\n\t\tsecurity { action = \"watch\", result = \"closed\" }\n\t\ttake_down()\n\t\treturn\n\tend\n\tready = true\n\tmodule:log(\"info\", \"the gate is whole: the public hosts are up\")\n\tsecurity { action = \"watch\", result = \"open\" }\n\tadd_task(2, tick)\n\tfor _, kind in ipairs { \"domain\", \"auth\", \"conference\", \"lobby\", \"breakout\", \"internal\" } do\n\t\t-- Later: the event comes while handlers are still being taken away.\n\t\tlocal context = module:context(names[kind])\n\t\tfor _, event in ipairs { \"module-unloaded\", \"module-loaded\", \"module-reloaded\" } do\n\t\t\tcontext:hook(event, function () add_task(0, watch) end)\n\t\tend\n\tend\nend\n\nmodule:hook_global(\"hosts-activated\", bring_up)\n",
  "mod_gate_accounts.lua": "-- Accounts of auth.<domain>: Jicofo's, and one of each bridge. They are files that come and go with a converge, and\n-- nothing of them stands in prosody.cfg.lua: that is read at a start, which ends all meetings.\n\nlocal gate = module:depends(\"gate\")\n\n-- They carry all meetings and are known. Of mod_limits' own list names alone could be on.\nmodule:hook(\"authentication-success\", function (event) event.session.conn:setlimit(0) end)\n\n-- Whose account is gone is out, also if logged in before.\nmodule:hook_global(\"config-reloaded\", function ()\n\tlocal gone = {}\n\tfor user, held in pairs(prosody.hosts[module.host].sessions) do\n\t\t-- Of the accounts themselves: usermanager takes who is logged in for one.\n\t\tif not prosody.hosts[module.host].users.user_exists(user) then\n\t\t\tfor _, session in pairs(held.sessions) do gone[#gone + 1] = session end\n\t\tend\n\tend\n\tfor _, session in ipairs(gone) do\n\t\tgate.security({ action = \"account\", result = \"ended\", why = \"gone\" }, session)\n\t\tsession:close({ condition = \"not-authorized\", text = \"This account is gone\" })\n\tend\nend)\n",
  "mod_gate_beside.lua": "-- Rooms beside a meeting: its lobby, which has its name, and its breakouts, whose names its moderators\n-- made. Nobody opens a lobby by walking in, since who makes a room owns it: Jitsi's module makes it.\n\nlocal jid = require \"prosody.util.jid\"\nlocal gate = module:depends(\"gate\")\nlocal kind = module:get_option_string(\"gate\")\nlocal focus = gate.focus_jid()\nlocal limits = module:get_option(\"gate_limits\")\n\nlocal room_mt = module:depends(\"muc\").room_mt\n\nlocal show_accounts_again, route_stanza = module:require \"gate_whois\"(room_mt, focus), room_mt.route_stanza\nfunction module.unload()\n\tshow_accounts_again()\n\troom_mt.route_stanza = route_stanza\nend\n\n-- Who waits hears of moderators and of nobody else: with a link alone, nobody learns who was invited.\nif kind == \"lobby\" then\n\troom_mt.route_stanza = function (room, stanza)\n\t\tlocal session, nick = prosody.full_sessions[stanza.attr.to], jid.resource(stanza.attr.from)\n\t\tlocal pinned = session and session.gate\n\t\tif pinned and pinned.role == \"guest\" and nick and session.username:sub(1, #nick) ~= nick then\n\t\t\tlocal sender = room._occupants[stanza.attr.from]\n\t\t\tif not (sender and gate.is_of_room(sender.bare_jid, pinned.room, \"moderator\")) then return end\n\t\tend\n\t\treturn route_stanza(room, stanza)\n\tend\nend\n\nlocal function refuse(event, why) return gate.refuse(event, { action = kind, why = why }) end\n\n-- Who knocks is shown to every moderator, each time.\nlocal may_join = module:require \"gate_buckets\".new(limits.joins, limits.seconds)\n\n-- The meeting that a room belongs to, if it lives.\nlocal function meeting_of(room)\n\tif kind == \"lobby\" then return gate.live_room(\"conference\", jid.node(room.jid)) end\n\treturn gate.main_room_of(room.jid)\nend\n\nmodule:hook(\"muc-room-pre-create\", function (event)\n\tlocal by_focus = jid.bare(event.stanza.attr.from) == focus\n\tif kind == \"lobby\" or not by_focus or not meeting_of(event.room) then return refuse(event, \"not opened\") end\nend, 1000)\n\n-- A moment later: here the room isn't in the list of rooms yet, and would be put there after this.\nmodule:hook(\"muc-room-created\", function (event)\n\tlocal room = event.room\n\tmodule:add_timer(0, function ()\n\t\tif not meeting_of(room) then room:destroy(nil, \"no meeting\") end\n\tend)\nend, 1000)\n\nmodule:hook(\"muc-occupant-pre-join\", function (event)\n\tlocal from = event.stanza.attr.from\n\tif jid.bare(from) == focus then return end\n\tlocal meeting, pinned = meeting_of(event.room), event.origin.gate\n\tif not (meeting and pinned and pinned.room == jid.node(meeting.jid)) then return refuse(event, \"other room\") end\n\tif not may_join(pinned.address) then return refuse(event, \"too many joins\") end\n\tlocal affiliation = meeting:get_affiliation(from)\n\tif kind == \"breakout\" and affiliation ~= \"member\" and affiliation ~= \"owner\" then return refuse(event, \"not let in\") end\nend, 1000)\n\n-- Nobody waits for ever: who went away from the screen would be let in unseen. Moderators, who are here to look,\n-- stay.\nif kind == \"lobby\" then\n\tlocal wait = limits.wait\n\tlocal since = {}\n\tmodule:hook(\"muc-occupant-joined\", function (event)\n\t\tlocal room, from, mark = event.room, event.stanza.attr.from, {}\n\t\tsince[from] = mark\n\t\tmodule:add_timer(wait, function ()\n\t\t\t-- Let in, gone, or come anew meanwhile: then another mark counts, or nobody is there.\n\t\t\tif since[from] ~= mark then return end\n\t\t\tsince[from] = nil\n\t\t\tlocal occupant = room:get_occupant_by_real_jid(from)\n\t\t\tif not occupant or room:get_affiliation(from) == \"owner\" then return end\n\t\t\tgate.security({ action = kind, result = \"ended\", why = \"waited too long\", room = jid.node(room.jid) })\n\t\t\troom:set_role(true, occupant.nick, nil, (\"Nobody let you in within %d minutes\"):format(math.ceil(wait / 60)))\n\t\tend)\n\tend)\nend\n",
  "mod_gate_focus_stand_in.lua": "-- Stands in for Jitsi's client_proxy until it comes: hands a conference request to whoever is logged in as\n-- Jicofo, and the answer back to who asked.\n\nlocal st = require \"prosody.util.stanza\"\nlocal random_id = require \"prosody.util.id\".medium\nlocal add_task = require \"prosody.util.timer\".add_task\nlocal gate = module:depends(\"gate\")\n\n-- Requests that wait for an answer; Jicofo has ten seconds for it.\nlocal pending, count, most, patience = {}, 0, 1000, 10\n\nlocal function forget(id)\n\tif pending[id] then\n\t\tpending[id], count = nil, count - 1\n\tend\nend\n\nlocal function focus_session()\n\tlocal user = prosody.bare_sessions[gate.focus_jid()]\n\tlocal _, session = next(user and user.sessions or {})\n\treturn session\nend\n\nmodule:hook(\"iq-set/host/http://jitsi.org/protocol/focus:conference\", function (event)\n\tlocal focus = focus_session()\n\tif not focus or count >= most then return end\n\tlocal id = random_id()\n\tpending[id], count = event.stanza, count + 1\n\tadd_task(patience, function () forget(id) end)\n\tlocal request = st.clone(event.stanza)\n\trequest.attr.from, request.attr.to, request.attr.id = module.host .. \"/\" .. id, focus.full_jid, id\n\tfocus.send(request)\n\treturn true\nend)\n\nmodule:hook(\"iq/host\", function (event)\n\tlocal answer = event.stanza\n\tlocal asked = pending[answer.attr.id or \"\"]\n\tif not asked or answer.attr.to ~= module.host .. \"/\" .. answer.attr.id then return end\n\tforget(answer.attr.id)\n\tlocal reply = st.clone(answer)\n\treply.attr.from, reply.attr.to, reply.attr.id = module.host, asked.attr.from, asked.attr.id\n\tmodule:send(reply)\n\treturn true\nend, 10)\n",
  "mod_gate_handshake.lua": "-- The handshake: a WebSocket opens only with a token whose room is the one in the address, and what the\n-- token said stays with the session. Every other request to Prosody's HTTP server, whatever module\n-- would answer it, gets one constant refusal. On auth.<domain>: no WebSockets, so that a guest can't\n-- try passwords of bridges there.\n\nlocal server = require \"prosody.net.http.server\"\nlocal filters = require \"prosody.util.filters\"\nlocal http = require \"prosody.util.http\"\nlocal gate = module:depends(\"gate\")\n\nlocal kind = module:get_option_string(\"gate\")\nlocal xmlns_sasl = \"urn:ietf:params:xml:ns:xmpp-sasl\"\n\n-- No stream without what its host asks for.\nmodule:hook(\"stream-features\", function (event)\n\tlocal session = event.origin\n\tlocal is_web = session.websocket_request ~= nil\n\tif kind == \"domain\" and session.gate or kind == \"auth\" and not is_web then return end\n\tgate.security({ action = \"stream\", result = \"refused\", why = \"no token for this host\" }, session)\n\tsession:close({ condition = \"not-authorized\" })\n\treturn true\nend, 1000)\n\nif kind ~= \"domain\" then return end\n\nmodule:depends(\"http\")\n\nlocal limits = module:get_option(\"gate_limits\")\n\n-- Two rates. A signature costs time, so that one address may have so many looked at; with room for those who come with\n-- good tokens while somebody behind the same address knocks without. And each link may be used so often from a network:\n-- nobody else's handshakes, good or bad, take away from that.\nlocal buckets = module:require \"gate_buckets\"\nlocal may_be_verified = buckets.new(limits.signatures, limits.seconds)\nlocal may_try = buckets.by_key(limits.handshakes, limits.seconds)\n\n-- nginx on this host says who asks; nobody else reaches the port.\nlocal function address_of(request)\n\tlocal forwarded = request.headers.x_forwarded_for\n\treturn forwarded and forwarded:match(\"([^%s,]+)%s*$\") or request.ip\nend\n\n-- The parameters of an address; nil when one that counts comes twice, or one comes that nobody asked for.\nlocal function parameters(query)\n\tlocal found, from = {}, 1\n\twhile from <= #query do\n\t\tlocal after = query:find(\"&\", from, true) or #query + 1\n\t\tlocal equals = query:find(\"=\", from, true)\n\t\tif after > from then\n\t\t\tif not equals or equals > after then return nil end\n\t\t\tlocal name, value = query:sub(from, equals - 1), query:sub(equals + 1, after - 1)\n\t\t\tif (name ~= \"room\" and name ~= \"token\") or found[name] then return nil end\n\t\t\t-- As a token never is; to look for it costs a tenth of reading it.\n\t\t\tfound[name] = value:find(\"%\", 1, true) and http.urldecode(value) or value\n\t\tend\n\t\tfrom = after + 1\n\tend\n\treturn found\nend\n\n-- What the token of a request said; or nil, why, and for the log which room was tried, by whose token.\nlocal function examine(request, address)\n\tif request.method ~= \"GET\" or request.path ~= \"/xmpp-websocket\" then return nil, \"other path\" end\n\tlocal asked = parameters(request.url.query or \"\")\n\tif not asked or not asked.room or not asked.token then return nil, \"no room or token\" end\n\tif not may_be_verified(address) then return nil, \"too many tries\", asked.room end\n\tlocal admitted, why, actor = gate.admit(asked.token)\n\tif not admitted then return nil, why, asked.room, actor end\n\tif not may_try(admitted.id .. \" \" .. buckets.network_of(address)) then\n\t\treturn nil, \"too many tries\", asked.room, admitted.actor\n\tend\n\tif asked.room ~= admitted.room then return nil, \"other room\", asked.room, admitted.actor end\n\tlocal sockets, holders = gate.sessions_of(address, admitted.id)\n\tlocal headers = request.headers\n\tlocal is_xmpp = headers.sec_websocket_key and headers.upgrade\n\t\tand http.contains_token(headers.sec_websocket_protocol or \"\", \"xmpp\")\n\t-- Last what may put out somebody who is silent: only for who gets in.\n\tlocal refused = gate.is_shut(admitted.id, address) and \"refused too often\"\n\t\tor not is_xmpp and \"no handshake\"\n\t\tor sockets >= limits.sockets and not gate.has_socket(address) and \"too many sockets\"\n\t\tor holders >= limits.link and not gate.has_place(admitted.id, address) and \"link used by too many\"\n\tif refused then return nil, refused, admitted.room, admitted.actor end\n\treturn admitted\nend\n\nmodule:wrap_object_event(server._events, false, function (handlers, event_name, data)\n\tlocal request = data and data.request\n\tif not request or request.gate_seen or event_name == \"http-error\" then return handlers(event_name, data) end\n\trequest.gate_seen = true\n\tlocal address = address_of(request)\n\tlocal admitted, why, room, actor = examine(request, address)\n\tif admitted then\n\t\tadmitted.address = address\n\t\trequest.gate = admitted\n\t\treturn handlers(event_name, data)\n\tend\n\tgate.security { action = \"handshake\", result = \"refused\", why = why, address = address, actor = actor, room = room }\n\tlocal response = data.response\n\tresponse.status_code = 404\n\t-- Closed, too: a connection that is kept for nothing takes 20 kB, and a flood of refused ones as much memory as it likes.\n\tresponse.persistent = false\n\tresponse.headers = { content_type = \"text/plain\", connection = \"close\", date = response.headers.date }\n\tresponse:send(\"not found\\n\")\n\treturn true\nend)\n\n-- Before anybody is logged in: SASL and binding. Afterwards: stanzas of jabber:client.\nlocal stanzas = { iq = true, message = true, presence = true }\nlocal function is_in_turn(session, stanza)\n\tlocal xmlns = stanza.attr.xmlns\n\tif session.type == \"c2s\" then\n\t\treturn stanzas[stanza.name] and xmlns == nil\n\telseif session.type == \"c2s_unbound\" then\n\t\tlocal child = stanza.tags[1]\n\t\treturn stanza.name == \"iq\" and xmlns == nil and stanza.attr.type == \"set\" and #stanza.tags == 1\n\t\t\tand child.name == \"bind\" and child.attr.xmlns == \"urn:ietf:params:xml:ns:xmpp-bind\"\n\t\t\tand (stanza.attr.to == nil or stanza.attr.to == module.host)\n\tend\n\treturn xmlns == xmlns_sasl and (stanza.name == \"auth\" or stanza.name == \"response\" or stanza.name == \"abort\")\nend\n\n-- One limit for a stanza in one frame, which is whole when Prosody counts it, and for one cut into several.\n-- Jicofo's offers are long, and come another way; a guest's answer to one isn't.\nmodule:hook(\"authentication-success\", function (event)\n\tlocal session = event.session\n\tif not session.gate then return end\n\tsession.stanza_size_limit = limits.stanza\n\tsession.stream:set_stanza_size_limit(limits.stanza)\nend, -1000)\n\nmodule:hook_global(\"websocket-session\", function (event)\n\tlocal session, admitted = event.session, event.request.gate\n\t-- Another host's WebSocket, if there ever is one, has no token and gets no stream.\n\tif not admitted then return end\n\tsession.gate = admitted\n\tgate.register(session)\n\tgate.security({ action = \"handshake\", result = \"admitted\", key = admitted.key }, session)\n\t-- Bytes and tags since a stanza was whole: an element of four bytes takes 330 once it is read, and one without\n\t-- end stays.\n\tlocal bytes, tags, whole = 0, 0, true\n\tlocal function is_within(data)\n\t\tif whole then bytes, tags, whole = 0, 0, false end\n\t\tbytes = bytes + #data\n\t\t-- The first few are too short to count in.\n\t\tif bytes > limits.tags then tags = tags + select(2, data:gsub(\"<\", \"\")) end\n\t\treturn #data <= limits.stanza and tags <= limits.tags\n\tend\n\t-- After the frames are taken apart.\n\tfilters.add_filter(session, \"bytes/in\", function (data)\n\t\tif is_within(data) then return data end\n\t\tgate.security({ action = \"stream\", result = \"refused\", why = \"stanza too long\" }, session)\n\t\tsession:close({ condition = \"policy-violation\" })\n\tend, -1)\n\tfilters.add_filter(session, \"stanzas/in\", function (stanza)\n\t\twhole = true\n\t\tif not is_in_turn(session, stanza) then\n\t\t\tgate.security({ action = \"stream\", result = \"refused\", why = \"out of turn\" }, session)\n\t\t\tsession:close({ condition = \"policy-violation\" })\n\t\tend\n\t\treturn stanza\n\tend, 1000)\nend)\n",
  "mod_gate_internal.lua": "-- internal.auth.<domain>: where bridges say how they are. One room, for Jicofo and the bridges, each by its account's\n-- name, whatever the table of stanzas lets pass: a guest in there could pose as a bridge and get everybody's media, and\n-- a bridge by the nick of Jicofo or of another bridge keeps it out.\n\nlocal jid = require \"prosody.util.jid\"\nlocal gate = module:depends(\"gate\")\n\nlocal function guard(event)\n\tlocal room, _, nick = jid.split(event.stanza.attr.to)\n\tlocal user, host = jid.split(event.stanza.attr.from)\n\tif host == gate.names.auth and nick == user and room == \"jvbbrewery\" then return end\n\treturn gate.refuse(event, { action = \"brewery\" })\nend\nmodule:hook(\"muc-room-pre-create\", guard, 1000)\nmodule:hook(\"muc-occupant-pre-join\", guard, 1000)\nmodule:hook(\"muc-occupant-pre-change\", guard, 1000)\n",
  "mod_gate_log.lua": "-- Two streams of logs. Operations: Prosody's own lines, without names, tokens, rooms and addresses;\n-- redacted in the sink, so that no module and no level gets past it. Security: one line of JSON for\n-- each decision, by another syslog identifier and facility, where the monitor's store for security\n-- takes it from.\nmodule:set_global()\n\nlocal format = require \"prosody.util.format\".format\nlocal hashes = require \"prosody.util.hashes\"\nlocal hex = require \"prosody.util.hex\"\nlocal json = require \"prosody.util.json\"\nlocal loggingmanager = require \"prosody.core.loggingmanager\"\nlocal pposix = require \"prosody.util.pposix\"\nlocal unix = require \"socket.unix\"\nlocal files = module:require \"gate_files\"\nlocal name = module:require \"gate_name\"\nlocal redact = module:require \"gate_redact\"\n\nlocal folder = module:get_option_string(\"gate_folder\")\nlocal known = {}\nfor _, host in pairs(module:get_option(\"gate_hosts\")) do known[host] = true end\n\n-- Lines from before this module was loaded have gone out as they were: nobody can have connected yet.\nloggingmanager.register_sink_type(\"syslog\", function ()\n\treturn function (source, level, message, ...)\n\t\tpposix.syslog_log(level, redact.source(source), redact.line(known, format, message, ...))\n\tend\nend)\nloggingmanager.reload_logging()\n\nlocal key\nlocal function load_key()\n\tlocal text = files.secret(folder .. \"/pseudonym.key\")\n\tkey = text and hex.decode(text)\n\tif not key then module:log(\"error\", \"gate/pseudonym.key can't be read: rooms in the security log have no pseudonym\") end\nend\nload_key()\nmodule:hook_global(\"config-reloaded\", load_key)\n\n-- The same room has the same pseudonym, of 130 bits. It is made of the room's digest, which the issue log\n-- has, too: who holds the key and that log finds the meeting, with either alone nobody does.\nlocal function pseudonym(room)\n\tif not key then return nil end\n\tlocal digest = hashes.hmac_sha256(key, \"polder pseudonym 1\\0\" .. hashes.sha256(room, true))\n\treturn name.base32(digest:sub(1, 20)):sub(1, 26)\nend\n\n-- A field whose words are this program's own: each is put into JSON once. What of an event isn't there is nothing.\nlocal function field_of_words(called)\n\tlocal texts = setmetatable({}, { __index = function (all, word)\n\t\tlocal text = (',\"%s\":%s'):format(called, json.encode(word))\n\t\tall[word] = text\n\t\treturn text\n\tend })\n\treturn function (word) return word and texts[word] or \"\" end\nend\nlocal action, result, why = field_of_words \"action\", field_of_words \"result\", field_of_words \"why\"\nlocal to, key_id, role = field_of_words \"to\", field_of_words \"key\", field_of_words \"role\"\n\n-- A field of which it doesn't choose what it says.\nlocal function field(called, value)\n\treturn value and (',\"%s\":%s'):format(called, json.encode(value)) or \"\"\nend\n\n-- As syslog(3) sends it (RFC 3164, without the host). Prosody's util.pposix has one name for all of a\n-- program's lines, and opens its socket anew when that is changed.\nlocal auth, warning, info = 4 << 3, 4, 6\nlocal socket\nlocal function connect()\n\tif socket then socket:close() end\n\tsocket = unix.dgram()\n\treturn socket:connect(\"/dev/log\")\nend\n\n-- How each line of this second begins, by how severe it is.\nlocal now, beginnings\nlocal function beginning(severity)\n\tlocal second = os.time()\n\tif second ~= now then\n\t\tnow, beginnings = second, {}\n\t\tlocal here, utc = os.date(\"%b %e %H:%M:%S\", second), os.date(\"!%Y-%m-%dT%H:%M:%SZ\", second)\n\t\tfor _, each in ipairs { warning, info } do\n\t\t\tbeginnings[each] = ('<%d>%s polder-gate: {\"at\":\"%s\"'):format(auth | each, here, utc)\n\t\tend\n\tend\n\treturn beginnings[severity]\nend\n\n-- Who it was, and a session's own room. Both are the same in each line of a session.\nlocal function who(event)\n\treturn field(\"actor\", event.actor) .. field(\"address\", event.address)\nend\nlocal function whose(pinned)\n\tpinned.told = pinned.told or field(\"actor\", pinned.actor) .. field(\"address\", pinned.address) .. role(pinned.role)\n\treturn pinned.told\nend\nlocal function own_room(pinned)\n\tif pinned.room_told_by ~= key then\n\t\tpinned.room_told, pinned.room_told_by = field(\"room\", pseudonym(pinned.room)), key\n\tend\n\treturn pinned.room_told\nend\n\n-- All that a decision may hold.\nlocal fields = {\n\taction = true, result = true, why = true, to = true, key = true, room = true, actor = true, address = true,\n\tkind = true, occupants = true, nicks = true, more = true,\n}\n\n-- One decision. event: action, result, and where known others of the fields above.\n-- pinned: what the token of the session said, if one is concerned; its room counts unless the event has another.\n-- Put together at once: a piece that is kept for a moment costs again when it is cleared away.\nfunction security(event, pinned)\n\tfor called in pairs(event) do\n\t\t-- Told and not thrown: what is decided must come about, and be written down.\n\t\tif not fields[called] then module:log(\"error\", \"a decision has a field that the security log doesn't know: \" .. called) end\n\tend\n\tlocal is_own = pinned and (event.room == nil or event.room == pinned.room)\n\tlocal line = beginning(event.result == \"refused\" and warning or info)\n\t\t.. action(event.action) .. result(event.result) .. why(event.why) .. to(event.to) .. key_id(event.key)\n\t\t.. field(\"kind\", event.kind) .. field(\"occupants\", event.occupants) .. field(\"nicks\", event.nicks) .. field(\"more\", event.more)\n\t\t.. (pinned and whose(pinned) or who(event))\n\t\t-- Another's room is never kept: what was asked before would be answered faster.\n\t\t.. (is_own and own_room(pinned) or event.room and field(\"room\", pseudonym(event.room)) or \"\")\n\t\t.. \"}\"\n\tif socket and socket:send(line) or connect() and socket:send(line) then return end\n\tmodule:log(\"error\", \"a decision can't be written to the security log\")\nend\n",
  "mod_gate_occupants.lua": "-- Who is in each meeting by what the server itself holds, into the security log, when root on this host asks\n-- by a signal: `polder probe enumeration --inside` holds it against what a room's members see. A digest of\n-- the nicks tells whether they are the same, and not what they are.\n\nlocal hashes = require \"prosody.util.hashes\"\nlocal jid = require \"prosody.util.jid\"\nlocal gate = module:depends(\"gate\")\nlocal muc = module:depends(\"muc\")\n\nmodule:hook_global(\"signal/SIGUSR1\", function ()\n\tfor room in muc.live_rooms() do\n\t\tlocal nicks = {}\n\t\tfor nick in room:each_occupant() do nicks[#nicks + 1] = jid.resource(nick) end\n\t\ttable.sort(nicks)\n\t\tgate.security {\n\t\t\taction = \"census\", result = \"done\", room = jid.node(room.jid),\n\t\t\toccupants = #nicks, nicks = hashes.sha256(table.concat(nicks, \"\\n\"), true),\n\t\t}\n\tend\nend)\n",
  "mod_gate_rooms.lua": "-- Meetings' rooms. Made by Jicofo's account alone, and only by a name that proves that it was issued;\n-- members-only from birth to end; owned by who has a moderator's token; left for good when put out.\n\nlocal jid = require \"prosody.util.jid\"\nlocal gate = module:depends(\"gate\")\nlocal muc = module:depends(\"muc\")\n\nlocal limits = module:get_option(\"gate_limits\")\nlocal focus = gate.focus_jid()\n\nlocal function refuse(event, why, told)\n\treturn gate.refuse(event, { action = \"room\", why = why, room = jid.node(event.stanza.attr.to) }, told)\nend\n\nlocal function pinned_to(session, room)\n\tlocal pinned = session.gate\n\treturn pinned ~= nil and pinned.room == jid.node(room.jid) and pinned or nil\nend\n\n-- Birth ----------------------------------------------------------------------------------------------\n\nmodule:hook(\"muc-room-pre-create\", function (event)\n\tif jid.bare(event.stanza.attr.from) ~= focus then return refuse(event, \"not opened\") end\n\tif not gate.may_open(jid.node(event.room.jid)) then return refuse(event, \"not issued\") end\nend, 1000)\n\n-- After the module's own defaults and after the secret that a stanza may bring; before the creator is owner.\nlocal function close(room)\n\troom._data.members_only = true\n\troom._data.allow_member_invites = nil\n\troom._data.password = nil\n\troom._data.hidden = true\nend\nmodule:hook(\"muc-room-pre-create\", function (event)\n\tclose(event.room)\n\tevent.room._data.persistent = nil\nend, -0.5)\n-- What another module made without anybody walking in was asked nothing yet. It is put away a moment later:\n-- here it isn't in the list of rooms, and would be put there after this.\nmodule:hook(\"muc-room-created\", function (event)\n\tlocal room = event.room\n\tclose(room)\n\tif gate.may_open(jid.node(room.jid)) then\n\t\t-- Jitsi's lobby: from birth, and as long as somebody waits, also when the room is empty meanwhile.\n\t\tif not gate.is_health_check(jid.node(room.jid)) then\n\t\t\tprosody.events.fire_event(\"create-persistent-lobby-room\", { room = room })\n\t\tend\n\t\treturn\n\tend\n\tgate.security({ action = \"room\", result = \"ended\", why = \"not issued\", room = jid.node(room.jid) })\n\tmodule:add_timer(0, function () room:destroy(nil, \"not issued\") end)\nend, 1000)\n\n-- For its whole life: whoever sets it, by form or from another module. Whether an empty room stays is\n-- left to modules, which keep it for who waits in its lobby or sits in a breakout, and to no form.\nlocal kept = {}\nfor _, setter in ipairs { \"set_members_only\", \"set_password\", \"set_allow_member_invites\", \"set_hidden\", \"set_public\" } do\n\tkept[setter] = muc.room_mt[setter]\n\tmuc.room_mt[setter] = function (room)\n\t\tclose(room)\n\t\treturn false\n\tend\nend\nlocal show_accounts_again = module:require \"gate_whois\"(muc.room_mt, focus)\nfunction module.unload()\n\tshow_accounts_again()\n\tfor setter, original in pairs(kept) do muc.room_mt[setter] = original end\nend\nmodule:hook(\"muc-config-submitted\", function (event)\n\tlocal fields = event.fields\n\tfields[\"muc#roomconfig_membersonly\"] = true\n\tfields[\"{http://prosody.im/protocol/muc}roomconfig_allowmemberinvites\"] = false\n\tfields[\"muc#roomconfig_allowinvites\"] = false\n\tfields[\"muc#roomconfig_roomsecret\"] = \"\"\n\tfields[\"muc#roomconfig_publicroom\"] = false\n\tfields[\"muc#roomconfig_persistentroom\"] = event.room:get_persistent() or false\nend, 1000)\n\n-- Joining --------------------------------------------------------------------------------------------\n\nlocal may_join = module:require \"gate_buckets\".new(limits.joins, limits.seconds)\n\n-- Told of the own room, so that nobody takes the link for a wrong one.\nlocal meeting_full = (\"This meeting is full: %d people are in it\"):format(limits.occupants)\n\n-- In how many sessions the room holds people, whom the plan counts, and not Jicofo or another service; and how many\n-- of them came by this token. From the room's own index: its iterator copies every occupant, which at each join of a\n-- large meeting costs more than the rest.\nlocal function occupants(room, id)\n\tlocal all, same = 0, 0\n\tfor full in pairs(room._jid_nick) do\n\t\tlocal session = prosody.full_sessions[full]\n\t\tif session and session.gate then\n\t\t\tall = all + 1\n\t\t\tif session.gate.id == id then same = same + 1 end\n\t\tend\n\tend\n\treturn all, same\nend\n\n-- Where the room has no place left, to ask makes one: who was silent is put out. So it is asked only for who gets in.\nlocal function is_full(room, all)\n\treturn all >= limits.occupants and not gate.has_room(room)\nend\n\nmodule:hook(\"muc-occupant-pre-join\", function (event)\n\tif jid.bare(event.stanza.attr.from) == focus then return end\n\tlocal pinned = pinned_to(event.origin, event.room)\n\tif not pinned then return refuse(event, \"other room\") end\n\tif not may_join(pinned.address) then return refuse(event, \"too many joins\") end\n\tlocal all, same = occupants(event.room, pinned.id)\n\tif pinned.role == \"guest\" and same >= limits.link then return refuse(event, \"link used by too many\", meeting_full) end\n\t-- Of a guest it is asked last of all.\n\tif pinned.role == \"moderator\" and is_full(event.room, all) then return refuse(event, \"room full\", meeting_full) end\nend, 1000)\n\nmodule:hook(\"muc-occupant-pre-change\", function (event)\n\tif jid.bare(event.stanza.attr.from) == focus then return end\n\tif not pinned_to(event.origin, event.room) then return refuse(event, \"other room\") end\nend, 1000)\n\n-- Owner by the token's role. Before the lobby and before members-only, else a moderator waits for one.\nmodule:hook(\"muc-occupant-pre-join\", function (event)\n\tlocal pinned = pinned_to(event.origin, event.room)\n\tif pinned and pinned.role == \"moderator\" then\n\t\t-- Set, not announced: the presence that follows says it, and an announcement goes to every moderator.\n\t\tevent.room._affiliations[jid.bare(event.stanza.attr.from)] = \"owner\"\n\t\tevent.occupant.role = event.room:get_default_role(\"owner\")\n\tend\nend, 5)\n\n-- The last word, after everybody else's: nobody is in who isn't let in, whatever another module thought.\nmodule:hook(\"muc-occupant-pre-join\", function (event)\n\tlocal room, from = event.room, event.stanza.attr.from\n\tif jid.bare(from) == focus then return end\n\tlocal affiliation = room:get_affiliation(from)\n\tif affiliation ~= \"member\" and affiliation ~= \"owner\" then return refuse(event, \"not let in\") end\n\tif event.origin.gate.role == \"guest\" and is_full(room, (occupants(room))) then return refuse(event, \"room full\", meeting_full) end\nend, -1000)\n\nmodule:hook(\"muc-occupant-joined\", function (event)\n\tgate.security({ action = \"join\", result = \"admitted\", room = jid.node(event.room.jid) }, event.origin)\nend, -1000)\n\n-- Affiliations and roles -----------------------------------------------------------------------------\n\n-- Whose act it was; nobody's where the server itself acts.\nlocal function session_of(actor)\n\treturn type(actor) == \"string\" and prosody.full_sessions[actor] or nil\nend\n\nlocal function may_be(room, bare, affiliation)\n\tlocal node = jid.node(room.jid)\n\tif bare == focus then return affiliation == \"owner\" end\n\tif affiliation == \"none\" then return true end\n\tif affiliation == \"owner\" then return gate.is_of_room(bare, node, \"moderator\") end\n\t-- Nor does anybody else get on the list of who is banned: a whole host would be Jicofo's, too.\n\treturn affiliation ~= \"admin\" and gate.is_of_room(bare, node)\nend\n\nmodule:hook(\"muc-pre-set-affiliation\", function (event)\n\tif not may_be(event.room, event.jid, event.affiliation) then\n\t\tevent.allowed = false\n\t\tevent.error = { type = \"cancel\", condition = \"not-allowed\" }\n\t\tlocal act = { action = \"set \" .. event.affiliation, result = \"refused\", room = jid.node(event.room.jid) }\n\t\tgate.security(act, session_of(event.actor))\n\tend\nend, 1000)\n\n-- Core keeps a nick for whom an affiliation is set together with one, and puts out who has it, asking nobody.\nmodule:hook(\"iq-set/bare/http://jabber.org/protocol/muc#admin:query\", function (event)\n\tlocal item = event.stanza.tags[1].tags[1]\n\tif item and item.attr.affiliation and item.attr.nick then return refuse(event, \"reserves a nick\") end\nend, 1000)\n\n-- Who isn't in the meeting any more hears none of its breakouts either.\nlocal function leave_breakouts(meeting, bare)\n\tfor address in pairs(meeting._data.breakout_rooms or {}) do\n\t\tlocal breakout = gate.live_room(\"breakout\", jid.node(address))\n\t\tfor nick, occupant in pairs(breakout and breakout._occupants or {}) do\n\t\t\tif occupant.bare_jid == bare then breakout:set_role(true, nick, \"none\") end\n\t\tend\n\tend\nend\n\nmodule:hook(\"muc-set-affiliation\", function (event)\n\tlocal act = { action = \"set \" .. event.affiliation, result = \"done\", room = jid.node(event.room.jid) }\n\tgate.security(act, session_of(event.actor))\n\tif event.affiliation == \"none\" or event.affiliation == \"outcast\" then leave_breakouts(event.room, event.jid) end\nend, -1000)\n\n-- A moderator by role alone would be one without a moderator's token; Jicofo isn't anybody's to put out.\nmodule:hook(\"muc-pre-set-role\", function (event)\n\tlocal bare = event.occupant.bare_jid\n\tlocal makes_moderator = event.role == \"moderator\" and event.room:get_affiliation(bare) ~= \"owner\"\n\tif makes_moderator or bare == focus then\n\t\tevent.allowed, event.error, event.condition = false, \"cancel\", \"not-allowed\"\n\tend\nend, 1000)\n\n-- An invitation makes a member, and goes to whom it names: only to who waits with a token for this room.\n-- Jitsi's lobby reads several out of one stanza, by their name in whatever namespace, and asks here about each with\n-- the whole of it.\nmodule:hook(\"muc-pre-invite\", function (event)\n\tlocal x = event.stanza:get_child(\"x\", \"http://jabber.org/protocol/muc#user\")\n\tfor _, invite in ipairs(x.tags) do\n\t\tlocal invited = invite.name == \"invite\" and jid.bare(jid.prep(invite.attr.to) or \"\")\n\t\tif invited == nil or invited and not gate.is_of_room(invited, jid.node(event.room.jid)) then\n\t\t\treturn refuse(event, \"invited without a token\")\n\t\tend\n\tend\nend, 1000)\n\n-- A message of the room's to any address there is, and nobody needs it.\nmodule:hook(\"muc-pre-decline\", function (event) return refuse(event, \"declines\") end, 1000)\n\n-- Put out: what members saw is status 307; then membership goes, too, and the way back is the lobby.\nlocal put_out = setmetatable({}, { __mode = \"k\" })\nmodule:hook(\"muc-broadcast-presence\", function (event)\n\tfor _, status in ipairs(event.x.tags) do\n\t\tif status.name == \"status\" and status.attr.code == \"307\" then\n\t\t\tput_out[event.room] = put_out[event.room] or {}\n\t\t\tput_out[event.room][event.occupant.bare_jid] = event.actor or true\n\t\tend\n\tend\nend, 1000)\nmodule:hook(\"muc-occupant-left\", function (event)\n\tlocal room, bare = event.room, event.occupant.bare_jid\n\tlocal actor = put_out[room] and put_out[room][bare]\n\tif not actor then return end\n\tput_out[room][bare] = nil\n\tif room:get_affiliation(bare) == \"member\" then room:set_affiliation(true, bare, \"none\") end\n\tgate.security({ action = \"put out\", result = \"done\", room = jid.node(room.jid) }, session_of(actor))\nend, 1000)\n",
  "mod_gate_sessions.lua": "-- What becomes of a session whose other end is gone, or doesn't read. Prosody looks after who was silent for its\n-- `read_timeout`: mod_websocket sends a frame that a browser answers by itself, and for ever another. Here the second\n-- one isn't sent. What the server sends is no sign of life: nginx takes it, whoever is behind.\n\nlocal dbuffer = require \"prosody.util.dbuffer\"\nlocal filters = require \"prosody.util.filters\"\nlocal now = require \"prosody.util.time\".monotonic\nlocal gate = module:depends(\"gate\")\n\nlocal limits = module:get_option(\"gate_limits\")\n\nmodule:hook_global(\"websocket-session\", function (event)\n\tlocal session, pinned = event.session, event.session.gate\n\tif not pinned then return end\n\t-- Prosody's own bound (network_settings) has room for Jicofo, which hears all meetings. Full, it ends the connection.\n\tsession.conn.writebuffer = dbuffer.new(limits.unread)\n\tpinned.heard = now()\n\tfilters.add_filter(session, \"bytes/in\", function (data)\n\t\tpinned.heard, pinned.asked = now(), nil\n\t\treturn data\n\tend, 1)\nend, -1)\n\nmodule:hook(\"c2s-read-timeout\", function (event)\n\tlocal session, pinned = event.session, event.session.gate\n\tif not pinned then return end\n\tif not pinned.asked then\n\t\tpinned.asked = now()\n\t\treturn\n\tend\n\t-- It may have been asked a moment ago, for somebody who waits for its place.\n\tif now() - pinned.asked >= limits.answer then gate.end_silent(session) end\n\treturn true\nend, 1000)\n\n-- In net.server_epoll's words.\nlocal unread = { [\"no space left in buffer\"] = true, [\"write timeout\"] = true }\nmodule:hook(\"resource-unbind\", function (event)\n\tif unread[event.error] then gate.security({ action = \"session\", result = \"ended\", why = \"doesn't read\" }, event.session) end\nend)\n",
  "mod_gate_stanzas.lua": "-- Each stanza of a session is held against the table of modules/hosts/gate/stanzas.yaml, before Prosody or any\n-- module looks at it. What isn't allowed gets one answer for its kind, whether its room lives, has\n-- ended, is still to come or was never issued.\n\nlocal jid = require \"prosody.util.jid\"\nlocal gate = module:depends(\"gate\")\nlocal rows = module:require \"gate_stanzas\"\nlocal new_table = module:require \"gate_table\"\n\nlocal limits = module:get_option(\"gate_limits\")\nlocal unverified = \"(unverified) \"\nlocal brewery = \"jvbbrewery\"\n\nlocal hosts = {}\nfor kind, name in pairs(gate.names) do hosts[name] = kind end\nlocal find_row = new_table(rows, hosts, module.host, brewery)\n\n-- Who sends, as the table names it; nil: nobody that it knows.\nlocal function sender_of(session)\n\tif session.gate then return session.gate.role end\n\tlocal bare = session.username and session.username .. \"@\" .. session.host\n\treturn bare == gate.focus_jid() and \"focus\" or gate.is_bridge(bare) and \"bridge\" or nil\nend\n\nlocal function is_occupant(session, kind, node)\n\tlocal room = gate.live_room(kind, node)\n\treturn room and room:get_occupant_jid(session.full_jid) ~= nil\nend\n\n-- A breakout counts for members of the main room that opened it.\nlocal function is_own_breakout(session, node)\n\tlocal main = gate.live_room(\"conference\", session.gate.room)\n\tlocal opened = main and (main._data.breakout_rooms or {})[jid.join(node, gate.names.breakout)]\n\tlocal affiliation = opened and main:get_affiliation(session.full_jid)\n\treturn affiliation == \"member\" or affiliation == \"owner\"\nend\n\n-- Jitsi's clients take the beginning of their random user name: nobody poses as another, or as Jicofo. Asked\n-- here and not in the room, since Prosody remembers for each session whom it sent presence to.\nlocal function is_own_nick(session, nick)\n\treturn #nick >= 8 and session.username:sub(1, #nick) == nick\nend\n\n-- The lookups ask about rooms that are the sender's own already: nobody learns of another's.\nlocal function holds(row, session, stanza)\n\tlocal node, _, resource = jid.split(stanza.attr.to)\n\tif resource and stanza.name == \"presence\" and not is_own_nick(session, resource) then return false end\n\tif row.room == \"breakout\" then\n\t\t-- Who is in may leave, also when the meeting isn't theirs any more.\n\t\tif stanza.attr.type == \"unavailable\" then return is_occupant(session, \"breakout\", node) end\n\t\tif not is_own_breakout(session, node) then return false end\n\tend\n\treturn not row.occupant or is_occupant(session, row.to == \"domain\" and \"conference\" or row.to, node or session.gate.room)\nend\n\n-- A room secret would pass Jitsi's lobby, so nobody may even offer one.\nlocal function has_secret(stanza)\n\tlocal x = stanza:get_child(\"x\", \"http://jabber.org/protocol/muc\")\n\treturn x ~= nil and x:get_child(\"password\") ~= nil\nend\n\n-- What is kept of what people send. A participant's answer to an iq goes to another, too.\nlocal rebuild = module:require \"gate_rebuild\"(module:require \"gate_contents\", module:get_option_boolean(\"gate_chat\", false))\n-- Attributes of a stanza itself. An id goes to others, too; those of answers are Prosody's, in base64.\nlocal addressed = { to = true, from = true, type = true, id = true, xmlns = true }\nlocal id_forms = { iq = \"^[%w+/=:_.-]+$\", message = \"^[%w:_-]+$\", presence = \"^[%w:_-]+$\" }\nlocal most_of_id = { iq = 1024, message = 64, presence = 64 }\n-- Characters that turn the direction of writing, or have no width.\nlocal turning = { \"\\216\\156\", \"\\226\\128[\\139-\\143\\168-\\174]\", \"\\226\\129[\\160-\\175]\", \"\\239\\187\\191\" }\n\nlocal function has_fitting_id(stanza)\n\tlocal id = stanza.attr.id\n\treturn id == nil or #id <= most_of_id[stanza.name] and id:find(id_forms[stanza.name]) ~= nil\nend\n\n-- The mark stands first: clients cut a long name off at its end, and take its first letter's direction for all.\nlocal function marked(shown)\n\tfor _, form in ipairs(turning) do shown = shown:gsub(form, \"\") end\n\t-- 64 characters are enough for a name, and end where a character ends.\n\treturn unverified .. shown:sub(1, (utf8.offset(shown, 65) or #shown + 1) - 1):gsub(\"%s+\", \" \")\nend\n\nlocal function shown_name(session, stanza)\n\tlocal shown = stanza:get_child_text(\"nick\", \"http://jabber.org/protocol/nick\")\n\treturn session.gate.name or shown and marked(shown)\nend\n\n-- Conference requests of one address, so that one flood doesn't keep Jicofo from others.\nlocal may_request = module:require \"gate_buckets\".new(limits.requests, limits.seconds)\n\nlocal function refuse(event)\n\t-- Of what was asked, which kind of place, and the room's pseudonym: enough to see somebody try names.\n\tlocal node, host = jid.split(event.stanza.attr.to or module.host)\n\treturn gate.refuse(event, { action = \"stanza\", kind = event.stanza.name, to = hosts[host] or \"elsewhere\", room = node })\nend\n\nmodule:hook(\"pre-stanza\", function (event)\n\tlocal session, stanza = event.origin, event.stanza\n\tlocal sender = sender_of(session)\n\tlocal row = sender and find_row(stanza, sender, session.gate and session.gate.room, session.username)\n\tif not row or has_secret(stanza)\n\t\tor session.gate and not holds(row, session, stanza)\n\t\tor session.gate and stanza.name == \"iq\" and not has_fitting_id(stanza)\n\t\tor row.id == \"conference-request\" and not may_request(session.gate.address) then\n\t\treturn refuse(event)\n\tend\n\tif not session.gate then return end\n\tlocal attr = stanza.attr\n\tlocal is_presence, is_leave = stanza.name == \"presence\", attr.type ~= nil\n\tfor name in pairs(attr) do\n\t\tif not addressed[name] then attr[name] = nil end\n\tend\n\tif not has_fitting_id(stanza) then attr.id = nil end\n\tlocal name = is_presence and not is_leave and shown_name(session, stanza)\n\trebuild(stanza, is_presence and is_leave and \"nothing\" or row.content, jid.resource(attr.to))\n\tif name then stanza:text_tag(\"nick\", name, { xmlns = \"http://jabber.org/protocol/nick\" }) end\n\t-- Nothing is left of what was said or asked: who did hears so, and no handler gets a question without one.\n\tlocal is_asked = stanza.name == \"message\" or attr.type == \"get\" or attr.type == \"set\"\n\tif is_asked and #stanza.tags == 0 then return refuse(event) end\nend, 1000)\n",
  "mod_gate_turn.lua": "-- Logins for TURN (XEP-0215), to who is in the meeting: the table of stanzas has seen to that. The user name is the\n-- end of the login and a pseudonym of a place in the session's link: coturn counts by it, and nobody who sees it\n-- learns who it was. A login is short and comes anew before its end, as long as its session may be in the meeting:\n-- coturn asks nobody whether it still counts.\n\nlocal st = require \"prosody.util.stanza\"\nlocal base64 = require \"prosody.util.encodings\".base64.encode\nlocal hashes = require \"prosody.util.hashes\"\nlocal hex = require \"prosody.util.hex\"\nlocal json = require \"prosody.util.json\"\nlocal gate = module:depends(\"gate\")\nlocal files = module:require \"gate_files\"\n\nlocal services = module:get_option(\"gate_turn\")\nlocal life = module:get_option(\"gate_limits\").login\nlocal path = module:get_option_string(\"gate_folder\") .. \"/turn.secret\"\nlocal xmlns = \"urn:xmpp:extdisco:2\"\n\nlocal secret\nlocal function load_secret()\n\tsecret = files.secret(path)\n\tif not secret then module:log(\"error\", \"gate/turn.secret can't be read: nobody gets a login for TURN\") end\nend\nload_secret()\nmodule:hook_global(\"config-reloaded\", load_secret)\n\n-- By which secret logins are made, when root on this host asks by a signal: `polder probe turn` sees whether coturn\n-- takes them. A digest tells which one it is of those that the vault has, and not what it is.\nmodule:hook_global(\"signal/SIGUSR1\", function ()\n\tlocal key = secret and hex.encode(hashes.hmac_sha256(secret, \"polder relay key 1\")):sub(1, 16) or \"none\"\n\tgate.security({ action = \"relay key\", result = \"done\", key = key })\nend)\n\n-- Places of each link that are taken, by number. The lowest free one is given: who comes by new sessions again and\n-- again has the same few names, and with them the same few relays.\nlocal taken = {}\nlocal function place_of(session)\n\tlocal pinned = session.gate\n\tif not pinned.place then\n\t\tlocal places, free = taken[pinned.id] or {}, 1\n\t\twhile places[free] do free = free + 1 end\n\t\ttaken[pinned.id], places[free], pinned.place = places, session, free\n\tend\n\treturn pinned.place\nend\nmodule:hook(\"resource-unbind\", function (event)\n\tlocal pinned = event.session.gate\n\tlocal places = pinned and pinned.place and taken[pinned.id]\n\tif not places then return end\n\tplaces[pinned.place] = nil\n\tif not next(places) then taken[pinned.id] = nil end\nend)\n\nlocal function name_of(session)\n\tlocal place = place_of(session)\n\tlocal digest = hashes.hmac_sha256(secret, (\"polder relay 1\\0%s\\0%d\"):format(session.gate.id, place))\n\treturn hex.encode(digest:sub(1, 8))\nend\n\n-- This session's login, or nil when it has none. One is used until half of its time is over.\nlocal function current_login(session)\n\tlocal pinned, now = session.gate, os.time()\n\tif not secret or pinned.expires <= now then return nil end\n\tlocal login = pinned.login\n\tif not login or login.secret ~= secret or login.made > now or login.made + life / 2 <= now then\n\t\t-- Once a session: a line for each that is asked for would be as many as somebody likes.\n\t\tif not login then gate.security({ action = \"relay login\", result = \"given\" }, session) end\n\t\tlocal expires = math.min(now + life, pinned.expires)\n\t\t-- coturn's REST scheme: draft-uberti-behave-turn-rest-00.\n\t\tlocal user = (\"%d:%s\"):format(expires, name_of(session))\n\t\tlogin = { user = user, password = base64(hashes.hmac_sha1(secret, user)), expires = expires, made = now, secret = secret }\n\t\tpinned.login = login\n\tend\n\treturn login\nend\n\nlocal function answer(name)\n\treturn function (event)\n\t\tlocal session, stanza = event.origin, event.stanza\n\t\tlocal login = current_login(session)\n\t\tif not login then\n\t\t\tsession.send(st.error_reply(stanza, \"cancel\", \"service-unavailable\"))\n\t\t\treturn true\n\t\tend\n\t\tlocal reply = st.reply(stanza):tag(name, { xmlns = xmlns })\n\t\tfor _, service in ipairs(services) do\n\t\t\treply:tag(\"service\", {\n\t\t\t\ttype = service.type, host = service.host, port = (\"%d\"):format(service.port), transport = service.transport,\n\t\t\t\tusername = login.user, password = login.password, restricted = \"1\",\n\t\t\t\texpires = os.date(\"!%Y-%m-%dT%H:%M:%SZ\", login.expires),\n\t\t\t}):up()\n\t\tend\n\t\tsession.send(reply)\n\t\treturn true\n\tend\nend\nmodule:hook(\"iq-get/host/\" .. xmlns .. \":services\", answer(\"services\"), 1000)\nmodule:hook(\"iq-get/host/\" .. xmlns .. \":credentials\", answer(\"credentials\"), 1000)\n\n-- What is the same for every session, put into JSON once.\nlocal offered = {}\nfor i, service in ipairs(services) do\n\toffered[i] = {\n\t\ttype = service.type, host = service.host, port = (\"%d\"):format(service.port), transport = service.transport,\n\t\tusername = \"@user@\", password = \"@password@\",\n\t}\nend\nlocal metadata = json.encode { type = \"room_metadata\", metadata = { services = offered } }\n\n-- Whether it was told one.\nlocal function tell(session)\n\tlocal login = current_login(session)\n\tif not login then return false end\n\tlocal told = metadata:gsub(\"@%l+@\", { [\"@user@\"] = login.user, [\"@password@\"] = login.password })\n\tsession.send(st.message({ from = module.host, to = session.full_jid })\n\t\t:tag(\"json-message\", { xmlns = \"http://jitsi.org/jitmeet\" }):text(told):up())\n\treturn true\nend\n\n-- Whether it may be in the meeting: so may who is in a breakout of it, and who was put out may not.\nlocal function is_let_in(session)\n\tlocal room = gate.live_room(\"conference\", session.gate.room)\n\tlocal affiliation = room and room:get_affiliation(session.full_jid)\n\treturn affiliation == \"member\" or affiliation == \"owner\"\nend\n\n-- Jitsi's client asks once, as soon as it is logged in: before it is in a meeting, so in vain. It takes logins from a\n-- room's metadata as well, from whom the domain names for that, each time that others come, and keeps the last ones\n-- for the next connection that it makes. These come to who gets in, and anew before their end.\nmodule:add_identity(\"component\", \"room_metadata\", module.host)\nmodule:context(gate.names.conference):hook(\"muc-occupant-joined\", function (event)\n\tlocal session = event.origin\n\tlocal pinned = session.gate\n\tif #services == 0 or not pinned or pinned.is_told or not tell(session) then return end\n\tpinned.is_told = true\n\tmodule:add_timer(life / 2, function ()\n\t\tif not session.destroyed and is_let_in(session) and tell(session) then return life / 2 end\n\t\tpinned.is_told = nil\n\tend)\nend, -1000)\n"
};

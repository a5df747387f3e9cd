import { type Blueprint, hostsWith, namesBelow } from "../../planning/blueprint/index.ts";

/** Buttons of a meeting that do something here. What isn't among them isn't drawn. */
const BUTTONS = [
  "camera",
  "desktop",
  "fullscreen",
  "hangup",
  "microphone",
  "noisesuppression",
  "participants-pane",
  "raisehand",
  "security",
  "select-background",
  "settings",
  "shortcuts",
  "tileview",
  "toggle-camera",
  "videoquality",
] as const;

/**
 * Settings of Jitsi's web client. A link can override most of them, so none of these protects anybody: what must not
 * happen is prevented by the gate and by the page's Content-Security-Policy. These keep a person from buttons that are
 * refused, and from questions that lead nowhere. Keys: jitsi-meet's configType.ts (2026-07).
 */
export function clientConfig({ domain, meetings, organisation, hosts }: Blueprint): object {
  const { conference, focus } = namesBelow(domain);
  const chat = meetings.chat === "on";
  return {
    hosts: { domain, muc: conference, focus },
    websocket: `wss://${domain}/xmpp-websocket`,
    // It would ask the handshake's address again and again, with the token in it.
    websocketKeepAlive: -1,
    // No defaultLanguage: this version puts it before the browser's own (features/base/i18n/middleware.ts).
    inviteAppName: organisation,
    dynamicBrandingUrl: "/branding.json",

    // Media goes by the bridge alone: between two browsers each would learn the other's address.
    p2p: { enabled: false, stunServers: [] },
    useTurnUdp: hostsWith({ hosts }, "turn").length > 0,
    bridgeChannel: { preferSctp: false },

    prejoinConfig: { enabled: true, hideExtraJoinButtons: ["no-audio", "by-phone"] },
    requireDisplayName: true,
    lobby: { autoKnock: false, enableChat: false },
    // End-to-end encryption in Firefox and Safari, too, which have it under another name than Chromium's.
    enableEncodedTransformSupport: true,
    securityUi: { disableLobbyPassword: true, hideLobbyButton: true },
    disableInviteFunctions: true,
    // Otherwise the room's name stands there: 56 characters that say nothing, and who shares a screen shows them. The page's
    // own script adds until when the meeting lasts (nginx/programs/meeting.js).
    localSubject: organisation,
    enableClosePage: false,
    welcomePage: { disabled: true },
    toolbarButtons: [...BUTTONS, ...(chat ? ["chat", "reactions"] : [])].sort(),
    disableChat: !chat,
    disableReactions: !chat,
    disablePolls: true,
    hideEmailInSettings: true,
    speakerStats: { disabled: true },
    breakoutRooms: {
      hideAddRoomButton: true,
      hideAutoAssignButton: true,
      hideJoinRoomButton: true,
    },

    // Nobody else's servers.
    disableThirdPartyRequests: true,
    gravatar: { disabled: true },
    analytics: { disabled: true },
    giphy: { enabled: false },
    whiteboard: { enabled: false },
    enableCalendarIntegration: false,
    deeplinking: { disabled: true },
    helpCentreURL: "",

    // Nothing is recorded, streamed, transcribed or kept.
    fileRecordingsServiceEnabled: false,
    recordingService: { enabled: false },
    localRecording: { disable: true },
    liveStreaming: { enabled: false },
    transcription: { enabled: false },
    fileSharing: { enabled: false },
    doNotStoreRoom: true,
    enableDisplayNameInStats: false,
    enableEmailInStats: false,
  };
}

/** Settings of the older kind; what isn't here is the client's own. */
const INTERFACE = {
  MOBILE_APP_PROMO: false,
  RECENT_LIST_ENABLED: false,
  SHOW_BRAND_WATERMARK: false,
  JITSI_WATERMARK_LINK: "",
  SUPPORT_URL: "",
  LANG_DETECTION: true,
  VERTICAL_FILMSTRIP: true,
  VIDEO_LAYOUT_FIT: "both",
  LOCAL_THUMBNAIL_RATIO: 16 / 9,
  REMOTE_THUMBNAIL_RATIO: 1,
  FILM_STRIP_MAX_HEIGHT: 120,
  DEFAULT_BACKGROUND: "#040404",
  SETTINGS_SECTIONS: ["devices", "language", "moderator", "shortcuts", "sounds", "more"],
  OPTIMAL_BROWSERS: ["chrome", "chromium", "firefox", "electron", "safari", "webkit"],
  UNSUPPORTED_BROWSERS: [],
} as const;

/** Text for a script that stands inside the page: no end of a script can be in it. */
const assigned = (name: string, value: object): string =>
  `var ${name} = ${JSON.stringify(value, null, 2).replaceAll("<", "\\u003c")};\n`;

/** config.js, which the page takes in whole. */
export const configScript = (blueprint: Blueprint): string =>
  assigned("config", clientConfig(blueprint));

/** interface_config.js, likewise. */
export const interfaceScript = ({ organisation, branding }: Blueprint): string =>
  assigned("interfaceConfig", {
    ...INTERFACE,
    // Which it is called, whose logo it is: branding.json names it.
    SHOW_JITSI_WATERMARK: branding.logo !== undefined,
    APP_NAME: organisation,
    PROVIDER_NAME: organisation,
  });

export { bridgePart, MEDIA_PORT } from "./part.ts";

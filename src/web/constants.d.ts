/** Constants that scripts/build_web.mjs defines. */
declare const ENGINE_FILE: string;
declare const OFFLINE_FILES: readonly string[];
declare const BUILD_ID: string;

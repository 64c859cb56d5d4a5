/** For `globalSetup` of Vitest and of Jest. */
declare function setup(): Promise<() => Promise<void>>
export = setup

/** Where the stand-ins are, as seen from inside: at the top, where no folder can be put over them. */
export const standInFolder = "/.agent33";
/** A variable that names a file which gets what was asked for and is not there. */
export const missingVariable = "AGENT33_MISSING";
/** A file among the stand-ins: the Debian packages of this machine, one a line. */
export const packageList = "packages";
/** An empty folder among the stand-ins, over which is shown what is to be copied. */
export const copyFolder = "copy";
/** A variable that names a folder for Python to look for modules in after all others. */
export const pathVariable = "AGENT33_PATH_END";

// Stands in for the package of that name in the bundled better-sqlite3: the add-on has one known place,
// and searching a dozen others for it costs milliseconds at every start.
'use strict';
module.exports = () => {
  try {
    return require('better-sqlite3/build/Release/better_sqlite3.node');
  } catch (error) {
    if (error?.code !== 'MODULE_NOT_FOUND' && error?.code !== 'ERR_DLOPEN_FAILED') throw error;
    throw new Error(`better-sqlite3 is not built for this Node.js; run: npm rebuild better-sqlite3\n${error.message}`, {
      cause: error,
    });
  }
};

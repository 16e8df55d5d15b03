// Opens the socket of a room as soon as the head of its page has arrived. The page contains this script; js/connection.js takes over.
(() => {
  const { path } = document.currentScript.dataset;
  const early = { path, startedAt: Date.now(), frames: [], closed: 0 };
  early.socket = new WebSocket(location.origin.replace("http", "ws") + path, "hearth.1");
  early.socket.addEventListener("message", ({ data }) => early.taken || early.frames.push(data));
  early.socket.addEventListener("close", ({ code }) => (early.closed = code));
  window.earlySocket = early;
})();

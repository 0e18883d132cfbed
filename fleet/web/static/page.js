// Says on the page when the daemon does not answer: old figures must not look like new ones.
const mark = (lost) => document.body.classList.toggle("lost", lost);
document.addEventListener("htmx:error", () => mark(true));
document.addEventListener("htmx:response:error", () => mark(true));
document.addEventListener("htmx:after:swap", () => mark(false));

// The page works without this script. With it, times are in the reader's time zone, and a decision
// can be undone for some seconds instead of being confirmed on a page of its own.
(() => {
  "use strict";
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone) {
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `approvals-zone=${encodeURIComponent(zone)}; path=/; max-age=31536000; samesite=lax${secure}`;
  }

  const visible = (text) => /[^\s\p{C}\p{Z}]/u.test(text);

  // begin shows how long the decision can be undone, and sends it when the time is over.
  function begin(form, decision) {
    const buttons = form.querySelector(".buttons");
    const comment = form.querySelector("textarea");
    const seconds = Number(form.dataset.undo);
    const box = document.createElement("div");
    box.className = "undo";
    const text = document.createElement("p");
    text.setAttribute("role", "status");
    const row = document.createElement("div");
    row.className = "buttons";
    const button = (label, act, primary) => {
      const b = document.createElement("button");
      b.type = "button";
      b.textContent = label;
      if (primary) b.className = "primary";
      b.addEventListener("click", act);
      row.append(b);
      return b;
    };
    const left = document.createElement("div");
    left.className = "left";
    let over = false;
    const end = () => {
      over = true;
      clearTimeout(timer);
      removeEventListener("beforeunload", warn);
      document.removeEventListener("keydown", escape);
      document.removeEventListener("htmx:afterSettle", gone);
    };
    const gone = () => { if (!form.isConnected) end(); }; // the task has been closed meanwhile
    const undo = () => {
      if (over) return;
      end();
      box.remove();
      buttons.hidden = false;
      comment.readOnly = false;
      const said = document.createElement("p");
      said.className = "small";
      said.setAttribute("role", "status");
      said.textContent = form.dataset.textUndone;
      buttons.after(said);
      setTimeout(() => said.remove(), 6000);
      buttons.querySelector(`[value="${decision}"]`).focus();
    };
    const send = () => {
      if (over) return;
      end();
      if (!form.isConnected) return;
      text.textContent = form.dataset.textSending;
      row.querySelectorAll("button").forEach((b) => { b.disabled = true; });
      const field = document.createElement("input");
      field.type = "hidden";
      field.name = "decision";
      field.value = decision;
      form.append(field);
      form.action = form.dataset.send;
      form.submit();
    };
    const warn = (event) => event.preventDefault();
    const escape = (event) => { if (event.key === "Escape") undo(); };
    const undoButton = button(form.dataset.textUndo, undo, true);
    button(form.dataset.textNow, send, false);
    box.append(text, row, left);
    buttons.hidden = true;
    buttons.after(box);
    comment.readOnly = true;
    text.textContent = decision === "approve" ? form.dataset.textApprove : form.dataset.textSendBack;
    left.animate([{ transform: "scaleX(1)" }, { transform: "scaleX(0)" }], { duration: seconds * 1000, fill: "forwards" });
    const timer = setTimeout(send, seconds * 1000);
    addEventListener("beforeunload", warn);
    document.addEventListener("keydown", escape);
    document.addEventListener("htmx:afterSettle", gone);
    undoButton.focus();
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    const decision = event.submitter && event.submitter.value;
    if (!form.matches("form.decision") || (decision !== "approve" && decision !== "send-back")) return;
    const needed = decision === "send-back" || form.dataset.commentRequired === "true";
    if (needed && !visible(form.querySelector("textarea").value)) return; // the server says what is missing
    event.preventDefault();
    begin(form, decision);
  });

  const first = document.getElementById("notice");
  if (first) first.focus();
})();

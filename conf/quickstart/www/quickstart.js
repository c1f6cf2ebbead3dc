// SPDX-License-Identifier: Apache-2.0
// The page of ./quickstart: asks for files and polls their status as the
// API says (Retry-After, at most a second here, where all is near).

const API = "/v1/download";
const jobs = document.getElementById("jobs");
const template = document.getElementById("job");
const OVER = new Set(["completed", "failed", "cancelled"]);

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

function row(name) {
  const item = template.content.cloneNode(true).firstElementChild;
  item.querySelector(".name").textContent = name;
  jobs.prepend(item);
  return item;
}

function show(item, job) {
  const state = item.querySelector(".state");
  item.querySelector("progress").value = job.progress ?? 0;
  state.textContent = job.error ?? job.status;
  state.classList.toggle("failed", job.status === "failed");
  item.querySelector(".cancel").hidden = OVER.has(job.status);
  if (job.downloadUrl) {
    const link = item.querySelector(".link");
    link.href = job.downloadUrl;
    link.textContent = `Download ${job.filename ?? "the file"}`;
    link.hidden = false;
  }
}

async function follow(item, job) {
  const url = `${API}/status/${job.jobId}`;
  item.querySelector(".cancel").addEventListener("click", () =>
    fetch(`${API}/${job.jobId}`, { method: "DELETE" }));
  while (!OVER.has(job.status)) {
    show(item, job);
    await pause(400);
    const answer = await fetch(url, { cache: "no-store" });
    if (answer.ok) job = await answer.json();
    else if (answer.status === 404) break;
  }
  show(item, job);
}

document.getElementById("ask").addEventListener("submit", async (event) => {
  event.preventDefault();
  const id = Number(new FormData(event.target).get("file"));
  const item = row(`File ${id}`);
  try {
    const answer = await fetch(`${API}/initiate`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ file_ids: [id] }),
    });
    const job = await answer.json();
    if (answer.ok) await follow(item, job);
    else show(item, { status: "failed", error: job.message });
  } catch (error) {
    show(item, { status: "failed", error: String(error) });
  }
});

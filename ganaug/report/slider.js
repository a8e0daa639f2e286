// Turns the filmstrip into one picture with a slider, and marks its step in the curves. Without scripts the strip scrolls.
for (const player of document.querySelectorAll(".player")) {
  const frames = [...player.querySelectorAll(".film figure")];
  const slider = player.querySelector(".slider");
  const section = player.closest("section");
  const show = () => {
    const shown = frames[slider.valueAsNumber];
    frames.forEach((frame) => frame.classList.toggle("shown", frame === shown));
    slider.setAttribute("aria-valuetext", `step ${shown.dataset.step}`);
    const place = `${(100 * shown.dataset.step) / player.dataset.last}%`;
    for (const cursor of section.querySelectorAll(".cursor")) {
      cursor.setAttribute("x1", place);
      cursor.setAttribute("x2", place);
    }
  };
  slider.addEventListener("input", show);
  player.classList.add("playing");
  section.classList.add("following");
  show();
}

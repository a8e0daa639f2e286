// Turns each filmstrip into one picture and a slider; without scripts the strip scrolls sideways instead.
for (const player of document.querySelectorAll(".player")) {
  const frames = [...player.querySelectorAll(".film figure")];
  const slider = player.querySelector(".slider");
  const show = () => {
    frames.forEach((frame, index) => frame.classList.toggle("shown", index === slider.valueAsNumber));
    slider.setAttribute("aria-valuetext", frames[slider.valueAsNumber].dataset.step);
  };
  slider.addEventListener("input", show);
  player.classList.add("playing");
  show();
}

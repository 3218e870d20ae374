extension Assets {
  /// What pages do that take images: images can be dropped and pasted, and a photograph is sent when it is taken.
  ///
  /// The form is the browser's own and works without it too.
  static let askingProgram = #"""
    "use strict";
    (() => {
      const form = document.getElementById("asking");
      if (!form) return;
      const [chosen, camera] = form.querySelectorAll("input[type=file]");
      const button = form.querySelector("button");
      const said = document.getElementById("chosen");
      const tell = (text) => { said.textContent = text; };
      const count = () => chosen.files.length + camera.files.length;
      const names = (files) => Array.from(files, (file) => file.name).slice(0, 4).join(", ") + (files.length > 4 ? ", …" : "");

      form.addEventListener("submit", (event) => {
        if (count() === 0) {
          event.preventDefault();
          return tell("Choose at least one image, drop it here or paste it.");
        }
        button.disabled = true;
        tell(`Looking at ${count()} ${count() === 1 ? "image" : "images"} …`);
      });
      // A browser that goes back shows the page as it was left.
      addEventListener("pageshow", () => { button.disabled = false; tell(""); });
      chosen.addEventListener("change", () => tell(chosen.files.length > 1 ? `${chosen.files.length} images: ${names(chosen.files)}` : ""));
      camera.addEventListener("change", () => { if (camera.files.length > 0) form.requestSubmit(); });

      const take = (files) => {
        const images = new DataTransfer();
        for (const file of files) images.items.add(file);
        if (images.files.length === 0) return false;
        chosen.files = images.files;
        camera.value = "";
        tell(names(images.files));
        form.requestSubmit();
        return true;
      };
      let depth = 0;
      const mark = () => document.body.classList.toggle("dropping", depth > 0);
      addEventListener("dragenter", (event) => { event.preventDefault(); depth += 1; mark(); });
      addEventListener("dragleave", () => { depth = Math.max(0, depth - 1); mark(); });
      addEventListener("dragover", (event) => event.preventDefault());
      addEventListener("drop", (event) => {
        event.preventDefault();
        depth = 0;
        mark();
        if (!take(event.dataTransfer.files)) tell("That was no file: drop images.");
      });
      addEventListener("paste", (event) => {
        if (event.target.matches?.("input:not([type=file]), textarea")) return;
        if (take(event.clipboardData.files)) event.preventDefault();
      });
      form.querySelector(".drop").dataset.hint = "or drop images anywhere, or paste them";
    })();

    """#
}

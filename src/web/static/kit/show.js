// A button beside each password shows what was typed, and hides it again before the form is sent. Without scripts there is
// none.
for (const button of document.querySelectorAll('button[data-shows]')) {
  const field = document.getElementById(button.dataset.shows);
  const say = (shown) => {
    field.type = shown ? 'text' : 'password';
    button.setAttribute('aria-pressed', String(shown));
  };
  button.hidden = false;
  button.addEventListener('click', () => say(field.type === 'password'));
  field.form.addEventListener('submit', () => say(false));
}

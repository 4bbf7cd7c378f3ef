// A function that returns what is wrong with the page on a screen of the given width:
// what is cut off, what has too little contrast (WCAG 2.2, 1.4.3 and 1.4.11), what a
// screen reader cannot name.
(width) => {
  const wrong = [];
  const name = (element) => element.outerHTML.replace(/\s+/g, " ").slice(0, 90);
  // What is for screen readers only is clipped.
  const clipped = (element) => element && (getComputedStyle(element).clipPath !== "none" || clipped(element.parentElement));
  const visible = (element) => element.getClientRects().length > 0 && !element.closest("noscript") && !clipped(element);

  const root = document.documentElement;
  if (innerWidth !== width || root.scrollWidth > width) wrong.push(`the page is ${Math.max(root.scrollWidth, innerWidth)} wide`);
  for (const element of document.body.querySelectorAll("*")) {
    const box = element.getBoundingClientRect();
    if (visible(element) && (box.left < 0 || box.right > width + 1)) wrong.push(`cut off: ${name(element)}`);
    const frame = element.parentElement.closest(".card, article, .gateway, main");
    const inner = frame && frame.getBoundingClientRect().right - parseFloat(getComputedStyle(frame).paddingRight);
    if (frame && visible(element) && box.right > inner + 1) wrong.push(`sticks out: ${name(element)}`);
  }
  if (document.querySelectorAll("h1").length !== 1) wrong.push("there must be one h1");
  if (!root.lang || !document.title) wrong.push("the page has no language or title");

  const color = (text) => {
    const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number);
    return { r, g, b, a };
  };
  const over = (top, bottom) => ({
    r: top.r * top.a + bottom.r * (1 - top.a), g: top.g * top.a + bottom.g * (1 - top.a), b: top.b * top.a + bottom.b * (1 - top.a), a: 1,
  });
  const background = (element) => {
    if (!element) return color(matchMedia("(prefers-color-scheme: dark)").matches ? "rgb(18, 18, 18)" : "rgb(255, 255, 255)");
    const own = color(getComputedStyle(element).backgroundColor);
    return own.a === 1 ? own : over(own, background(element.parentElement));
  };
  const luminance = ({ r, g, b }) => {
    const [x, y, z] = [r, g, b].map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const contrast = (x, y) => {
    const [low, high] = [luminance(x), luminance(y)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };

  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !visible(element) || element.closest(":disabled, script, style")) continue;
    const style = getComputedStyle(element);
    const size = parseFloat(style.fontSize);
    const least = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    const behind = background(element);
    const found = contrast(over(color(style.color), behind), behind);
    if (found < least) wrong.push(`contrast ${found.toFixed(2)}: ${name(element)}`);
  }
  for (const mark of document.querySelectorAll(".method b, .via b, .seal, .mark, .pay, button.main, [aria-current=true]")) {
    const found = contrast(background(mark), background(mark.parentElement));
    if (visible(mark) && found < 3) wrong.push(`contrast ${found.toFixed(2)} to what is around it: ${name(mark)}`);
  }

  for (const field of document.querySelectorAll("input:not([type=hidden]), select, textarea")) {
    if (!field.labels.length && !field.ariaLabel) wrong.push(`no label: ${name(field)}`);
  }
  for (const image of document.images) if (!image.hasAttribute("alt")) wrong.push(`no alt: ${name(image)}`);
  for (const control of document.querySelectorAll("a, button, summary")) {
    if (visible(control) && !control.textContent.trim() && !control.ariaLabel) wrong.push(`no text: ${name(control)}`);
  }
  const focused = document.activeElement;
  if (focused && focused !== document.body && focused.matches(":focus-visible")) {
    const ring = [focused, focused.parentElement].map((element) => [element, getComputedStyle(element)])
      .find(([, style]) => style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2);
    if (!ring) wrong.push(`no focus ring: ${name(focused)}`);
    else if (contrast(color(ring[1].outlineColor), background(ring[0].parentElement)) < 3) wrong.push(`faint focus ring: ${name(focused)}`);
  }
  return wrong;
};

import { setTheme, type Theme, theme } from '../state/theme.ts';

const NEXT: Record<Theme, Theme> = { auto: 'dark', dark: 'light', light: 'auto' };
const NAMES: Record<Theme, string> = { auto: 'system', dark: 'dark', light: 'light' };

export function ThemeSwitch() {
  const now = theme.value;
  return (
    <button
      type="button"
      class="icon-button"
      onClick={() => setTheme(NEXT[now])}
      aria-label={`Colours: ${NAMES[now]}`}
      title={`Colours: ${NAMES[now]}`}
    >
      <svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">
        <circle cx="10" cy="10" r="7" fill="none" stroke="currentColor" stroke-width="1.6" />
        {now !== 'light' && (
          <path
            d={now === 'dark' ? 'M10 3a7 7 0 1 0 0 14a7 7 0 1 0 0-14' : 'M10 3a7 7 0 0 1 0 14z'}
            fill="currentColor"
          />
        )}
      </svg>
    </button>
  );
}

import type { SiteImage } from '../shared/site.ts';
import { addBundled } from '../state/images.ts';

export function SampleTile({ image, onPick }: { readonly image: SiteImage; readonly onPick?: () => void }) {
  const { name, url, label } = image;
  const pick = () => {
    void addBundled(image);
    onPick?.();
  };
  return (
    <button type="button" class="sample" onClick={pick} title={name}>
      <img src={url} alt={`${name}, labelled ${label}`} loading="lazy" />
    </button>
  );
}
